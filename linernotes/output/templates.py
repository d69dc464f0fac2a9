"""Jinja environments of pages and reports: everything is escaped, and texts are in the language of the moment."""

from jinja2 import Environment, PackageLoader, StrictUndefined

from linernotes import i18n


def environment(package: str, folder: str = "templates") -> Environment:
    """Return an environment for the templates in a folder of a package.

    Texts are looked up when a template is rendered: one set of compiled templates serves all languages.
    """
    made = Environment(
        loader=PackageLoader(package, folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    made.policies["ext.i18n.trimmed"] = True
    made.install_gettext_callables(i18n.lookup, i18n.lookup_plural, newstyle=True)  # type: ignore[attr-defined]
    made.globals["language"] = i18n.current
    return made
