"""What somebody can do whose music is in a data set: each statement with the official source that it rests on."""

from dataclasses import dataclass

from linernotes.i18n import N_


@dataclass(frozen=True)
class Advice:
    """One statement, and where it can be verified; statements about this site have no source."""

    text: str
    source: str = ""
    address: str = ""


@dataclass(frozen=True)
class Topic:
    """Statements under a heading."""

    id: str
    heading: str
    advice: tuple[Advice, ...]


_AI_ACT = ("Regulation (EU) 2024/1689", "https://eur-lex.europa.eu/eli/reg/2024/1689/oj")
_COPYRIGHT_DIRECTIVE = ("Directive (EU) 2019/790", "https://eur-lex.europa.eu/eli/dir/2019/790/oj")

TOPICS = (
    Topic(
        "proves",
        N_("What presence doesn’t prove"),
        (
            Advice(N_("That a model was trained on your track. A data set can be used in part, or not at all.")),
            Advice(N_("That the recording was copied. Most of these data sets list tracks, and contain no audio.")),
            Advice(
                N_(
                    "That the use was unlawful. That depends on the country, the licence, and what exactly was done: "
                    "ask a lawyer or your collecting society."
                )
            ),
        ),
    ),
    Topic(
        "evidence",
        N_("How to keep evidence"),
        (
            Advice(
                N_(
                    "Save the page of each track, with “Cite this”: it names the data set, its generation, the source "
                    "file with its SHA-256, and the row."
                )
            ),
            Advice(
                N_(
                    "Check your whole catalogue, and keep the HTML report. It can be checked again later: upload it in "
                    "place of a catalogue, and see what has changed."
                )
            ),
            Advice(
                N_("A page that is public can be archived by a third party at a known time."),
                "Internet Archive, Save Page Now",
                "https://web.archive.org/save",
            ),
            Advice(
                N_("A trusted timestamp can show that a file existed unchanged at a time."),
                "RFC 3161",
                "https://www.rfc-editor.org/rfc/rfc3161",
            ),
        ),
    ),
    Topic(
        "opt-out",
        N_("Opting out"),
        (
            Advice(
                N_(
                    "In the European Union, works that are lawfully accessible may be copied for text and data mining, "
                    "unless the rightholder has expressly reserved that use in an appropriate manner, such as "
                    "machine-readable means for content that is available online (article 4)."
                ),
                *_COPYRIGHT_DIRECTIVE,
            ),
            Advice(
                N_(
                    "Providers of general-purpose AI models in the European Union have to have a policy for "
                    "identifying and respecting such reservations, and to publish a sufficiently detailed summary of "
                    "the content that they used for training (article 53, paragraph 1, points c and d)."
                ),
                *_AI_ACT,
            ),
            Advice(
                N_("In Germany, a reservation for works that are available online must be machine-readable."),
                "UrhG, § 44b",
                "https://www.gesetze-im-internet.de/urhg/__44b.html",
            ),
            Advice(
                N_(
                    "On your own web site, robots.txt tells crawlers what they should not fetch. It is a request: it "
                    "doesn’t prevent access, and says nothing about copies elsewhere."
                ),
                "RFC 9309",
                "https://www.rfc-editor.org/rfc/rfc9309",
            ),
            Advice(N_("A reservation works from now on. It doesn’t take anything out of models that exist already.")),
        ),
    ),
    Topic(
        "write",
        N_("Whom to write to"),
        (
            Advice(
                N_(
                    "The publisher of the data set: the page of each data set here has its address. Ask for your "
                    "tracks to be removed from the next release, and name file and row."
                )
            ),
            Advice(
                N_("Data sets on Hugging Face have a page for discussions, where their publishers can be asked."),
                "Hugging Face",
                "https://huggingface.co/docs/hub/repositories-pull-requests-discussions",
            ),
            Advice(N_("The companies that say that they used it: see “Companies”, with the source of each statement.")),
            Advice(
                N_(
                    "Your collecting society: ask whether it has reserved text and data mining for its members, and "
                    "whether it negotiates licences. The societies are organised in CISAC."
                ),
                "CISAC",
                "https://www.cisac.org/",
            ),
            Advice(
                N_(
                    "Who processes personal data about you, such as your name, in the European Union: you may ask "
                    "whether they do, and for a copy (article 15 of the GDPR)."
                ),
                "Regulation (EU) 2016/679",
                "https://eur-lex.europa.eu/eli/reg/2016/679/oj",
            ),
        ),
    ),
    Topic(
        "us",
        N_("In the United States"),
        (
            Advice(
                N_("The Copyright Office studies copyright and artificial intelligence, and publishes reports."),
                "U.S. Copyright Office",
                "https://www.copyright.gov/ai/",
            ),
            Advice(
                N_(
                    "Works of the United States generally have to be registered before a lawsuit for infringement, and "
                    "early registration matters for statutory damages (sections 411 and 412 of title 17)."
                ),
                "U.S. Copyright Office",
                "https://www.copyright.gov/title17/92chap4.html",
            ),
        ),
    ),
    Topic(
        "platforms",
        N_("What platforms say"),
        (
            Advice(
                N_(
                    "Spotify’s terms for developers forbid the use of its content for training machine learning or AI "
                    "models."
                ),
                "Spotify Developer Terms",
                "https://developer.spotify.com/terms",
            ),
            Advice(
                N_("YouTube’s terms forbid automated access, apart from exceptions that they name."),
                "YouTube Terms of Service",
                "https://www.youtube.com/t/terms",
            ),
        ),
    ),
)
