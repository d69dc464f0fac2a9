"""Languages that Elasticsearch can analyse, as one table.

Source: the list of language analyzers in Elasticsearch's reference, "Language analyzers" (8.19); all of them
are in the module analysis-common, so a plain Elasticsearch has them without a plugin.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """A language: its ISO 639-1 code (639-3 for Sorani), Elasticsearch's analyzer, and its script (ISO 15924)."""

    code: str
    analyzer: str
    script: str
    english_name: str


LANGUAGES: tuple[Language, ...] = (
    Language("ar", "arabic", "Arab", "Arabic"),
    Language("hy", "armenian", "Armn", "Armenian"),
    Language("eu", "basque", "Latn", "Basque"),
    Language("bn", "bengali", "Beng", "Bengali"),
    Language("bg", "bulgarian", "Cyrl", "Bulgarian"),
    Language("ca", "catalan", "Latn", "Catalan"),
    Language("ckb", "sorani", "Arab", "Sorani Kurdish"),
    Language("cs", "czech", "Latn", "Czech"),
    Language("da", "danish", "Latn", "Danish"),
    Language("de", "german", "Latn", "German"),
    Language("el", "greek", "Grek", "Greek"),
    Language("en", "english", "Latn", "English"),
    Language("es", "spanish", "Latn", "Spanish"),
    Language("et", "estonian", "Latn", "Estonian"),
    Language("fa", "persian", "Arab", "Persian"),
    Language("fi", "finnish", "Latn", "Finnish"),
    Language("fr", "french", "Latn", "French"),
    Language("ga", "irish", "Latn", "Irish"),
    Language("gl", "galician", "Latn", "Galician"),
    Language("hi", "hindi", "Deva", "Hindi"),
    Language("hu", "hungarian", "Latn", "Hungarian"),
    Language("id", "indonesian", "Latn", "Indonesian"),
    Language("it", "italian", "Latn", "Italian"),
    Language("ja", "cjk", "Jpan", "Japanese"),
    Language("ko", "cjk", "Hang", "Korean"),
    Language("lt", "lithuanian", "Latn", "Lithuanian"),
    Language("lv", "latvian", "Latn", "Latvian"),
    Language("nl", "dutch", "Latn", "Dutch"),
    Language("no", "norwegian", "Latn", "Norwegian"),
    Language("pt", "portuguese", "Latn", "Portuguese"),
    Language("pt-br", "brazilian", "Latn", "Brazilian Portuguese"),
    Language("ro", "romanian", "Latn", "Romanian"),
    Language("ru", "russian", "Cyrl", "Russian"),
    Language("sr", "serbian", "Cyrl", "Serbian"),
    Language("sv", "swedish", "Latn", "Swedish"),
    Language("th", "thai", "Thai", "Thai"),
    Language("tr", "turkish", "Latn", "Turkish"),
    Language("zh", "cjk", "Hani", "Chinese"),
)

CODES: tuple[str, ...] = tuple(language.code for language in LANGUAGES)

UNDETERMINED = "und"
"""ISO 639-2's code for a language that could not be determined."""
