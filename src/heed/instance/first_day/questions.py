"""What `heed init` asks, in the order in which a person can best answer it.

A question's name is its flag, and its key in a file of answers. An answer is one line of text.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from heed.instance.first_day import reading
from heed.instance.first_day.reading import NONE, Reader

Answers = Mapping[str, str]
ROLES = ("administrator", "senior", "reviewer", "child-safety", "liaison", "auditor")
ALONE = ", ".join(ROLES[:5])  # one person can do all of it; an auditor looks at others' work
EMBEDDED, HERE = "embedded", "here"
CALLBACK, MASTODON, LATER = "callback", "mastodon", "later"


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question. Without a `default` it must be answered; `needed` says when it is asked."""

    name: str
    asks: str
    help: str
    read: Reader
    default: Callable[[Answers], str] | None = None
    needed: Callable[[Answers], bool] = lambda _: True
    secret: bool = False


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """Questions that belong together, and why they are asked."""

    title: str
    why: str
    questions: tuple[Question, ...]


def _always(word: str) -> Callable[[Answers], str]:
    return lambda _: word


def _host(said: Answers, name: str) -> str:
    return urlsplit(said.get(name, "")).hostname or ""


def _slug(said: Answers) -> str:
    host = _host(said, "site-url").removeprefix("www.").split(".")[0]
    return re.sub(r"[^a-z0-9]+", "-", host.lower()).strip("-") or "site"


def _address(said: Answers) -> str:
    host = _host(said, "site-url").removeprefix("www.")
    return (
        "http://127.0.0.1:8000" if host in ("localhost", "127.0.0.1") else f"https://safety.{host}"
    )


def _proxy(said: Answers) -> str:
    return NONE if reading.is_near(said.get("address", "")) else "caddy"


def _sender(said: Answers) -> str:
    return f"notices@{_host(said, 'address')}"


def _is(name: str, *words: str) -> Callable[[Answers], bool]:
    return lambda said: said.get(name) in words


def _given(name: str) -> Callable[[Answers], bool]:
    return lambda said: said.get(name, NONE) != NONE


def _in_s3(said: Answers) -> bool:
    return said.get("storage", "").startswith("s3://")


def _database(said: str) -> str:
    if said.lower() == EMBEDDED:
        return EMBEDDED
    if urlsplit(said).scheme not in ("postgresql", "postgres"):
        raise reading.BadAnswer(
            f"{EMBEDDED}, or postgresql://user:password@host/database for the application's role"
        )
    return said


def _mail(said: str) -> str:
    from heed.integrations.smtp import NotAMailUrl, server_of

    said = said if "://" in said else f"smtp://{said}"
    try:
        server_of(said)
    except NotAMailUrl as wrong:
        raise reading.BadAnswer(str(wrong)) from None
    return said


def _storage(said: str) -> str:
    if said.lower() == HERE or said.startswith("/"):
        return said if said.startswith("/") else HERE
    if not said.startswith("s3://") or not urlsplit(said).netloc:
        raise reading.BadAnswer(
            f"{HERE}, the full path of a directory, or s3://bucket/prefix?endpoint=https://host"
        )
    return said


def _shelf(said: str) -> str:
    if said.startswith("/") or (said.startswith("s3://") and urlsplit(said).netloc):
        return said
    raise reading.BadAnswer("the full path of a directory, s3://bucket/prefix, or none")


SITE = Chapter(
    title="Your site",
    why="People who ask for something to come down are told these names, and nothing else of you.",
    questions=(
        Question(name="site", asks="What is your site called?", read=reading.line,
                 help="as its people call it"),
        Question(name="site-url", asks="Where is it?", read=reading.site,
                 help="what every address of it begins with, such as https://example.org/"),
        Question(name="slug", asks="A short name for it, for commands", read=reading.slug,
                 default=_slug, help="small letters, digits and hyphens"),
        Question(name="address", asks="Where shall people reach Heed?", read=reading.own_address,
                 default=_address,
                 help="an https name of its own; http://127.0.0.1:8000 to try it on this machine"),
        Question(name="country", asks="In which country is whoever runs it?",
                 read=reading.country, help="two letters, such as DE, GB or US"),
    ),
)  # fmt: skip
CONTACT = Chapter(
    title="Contact point",
    why="The law asks for one that users and authorities can find (DSA articles 11 and 12), and "
    "a CyberTip names it.",
    questions=(
        Question(name="operator", asks="Who runs the site?", read=reading.line,
                 help="the person, club or company that answers for it"),
        Question(name="contact-mail", asks="Which mail address may be published?",
                 read=reading.mail, help="for users and authorities; one that somebody reads"),
        Question(name="contact-person", asks="Whom does an authority ask for?",
                 read=reading.or_none(reading.line), default=_always(NONE),
                 help="first and last name"),
        Question(name="phone", asks="At which telephone number?",
                 read=reading.or_none(reading.line), default=_always(NONE),
                 help="with the country's code"),
        Question(name="street", asks="Street and number, for letters",
                 read=reading.or_none(reading.line), default=_always(NONE),
                 help="or a post box"),
        Question(name="city", asks="Postcode and town", read=reading.or_none(reading.line),
                 default=_always(NONE), needed=_given("street"), help="such as 12345 Town"),
    ),
)  # fmt: skip
PEOPLE = Chapter(
    title="People",
    why="One person can run Heed honestly; second readings by the same person are then marked, "
    "and published, as made alone. Invite the others at /console/people.",
    questions=(
        Question(name="person-mail", asks="Your own mail address, to sign in with",
                 read=reading.mail, help="it is not published"),
        Question(name="person-name", asks="The name that colleagues see", read=reading.line,
                 default=lambda said: said.get("person-mail", "").partition("@")[0].title(),
                 help="uploaders and notifiers never see it"),
        Question(name="person-roles", asks="What may you do?", read=reading.some_of(*ROLES),
                 default=_always(ALONE), help=f"some of {', '.join(ROLES)}"),
        Question(name="zone", asks="In which time zone do you live?", read=reading.zone,
                 default=lambda _: reading.own_zone(), help="such as Europe/Berlin"),
        Question(name="hours", asks="When are people there?", read=reading.hours,
                 default=_always("mon-sun 18:00-22:00"),
                 help="published; mon-fri 18:00-22:00, sat-sun 10:00-20:00, or always, or none"),
    ),
)  # fmt: skip
MAIL = Chapter(
    title="Mail",
    why="Whoever is on duty is called by mail, and people who told you something hear that there "
    "is news. Without a mail server nobody is told anything.",
    questions=(
        Question(name="mail", asks="Which mail server sends it?", read=reading.or_none(_mail),
                 default=_always(NONE), secret=True,
                 help="smtp://user:password@mail.example.org:587"),
        Question(name="mail-from", asks="From which address?", read=reading.mail,
                 default=_sender, needed=_given("mail"), help="it should name nobody and nothing"),
        Question(name="mail-returns", asks="A mailbox for mail that comes back",
                 read=reading.or_none(reading.mail), default=_always(NONE), needed=_given("mail"),
                 help="it has to be piped to `heed returned-mail`; docs/operate.md, 'Mail'"),
        Question(name="test-mail", asks="Send a test mail to", read=reading.or_none(reading.mail),
                 default=lambda said: said.get("person-mail", NONE), needed=_given("mail"),
                 help="an address that you can read now"),
    ),
)  # fmt: skip
MACHINE = Chapter(
    title="This machine",
    why="The answers that stand there are right for one small server.",
    questions=(
        Question(name="listen", asks="Where shall Heed listen?", read=reading.listening,
                 default=_always("127.0.0.1:8000"), help="your web server passes on to it"),
        Question(name="proxy", asks="Which web server stands before it?",
                 read=reading.one_of("caddy", "nginx", "other", NONE), default=_proxy,
                 help="caddy, nginx, other, or none"),
        Question(name="database", asks="Which database?", read=_database, secret=True,
                 default=_always(EMBEDDED),
                 help=f"{EMBEDDED}: Heed starts its own; else the URL of the application's role"),
        Question(name="owner-database", asks="The same database, as the role that owns it",
                 read=_database, secret=True,
                 needed=lambda said: said.get("database", EMBEDDED) != EMBEDDED,
                 help="so that the application itself can't rewrite the log"),
        Question(name="storage", asks="Where is sealed evidence kept?", read=_storage,
                 default=_always(HERE),
                 help=f"{HERE}, the full path of a directory, or s3://bucket/prefix"),
        Question(name="s3-key", asks="The bucket's access key", read=reading.line,
                 needed=_in_s3, help="its id"),
        Question(name="s3-secret", asks="... and its secret", read=reading.line, secret=True,
                 needed=_in_s3, help="it is kept in the config file"),
        Question(name="backup-to", asks="Where do backups go, once a day?",
                 read=reading.or_none(_shelf), default=_always(NONE),
                 help="a directory on another disk, s3://bucket/prefix, or none"),
        Question(name="service-user", asks="As which user shall it run?", read=reading.slug,
                 default=_always("heed"), help="for systemd; not root"),
    ),
)  # fmt: skip
CONNECTION = Chapter(
    title="The site and Heed",
    why="Heed says what each post should be, and the site does it.",
    questions=(
        Question(name="connection", asks="How is the site told?",
                 read=reading.one_of(CALLBACK, MASTODON, LATER), default=_always(LATER),
                 help=f"{CALLBACK}: at an address of yours (docs/integrate.md); {MASTODON}: it is "
                 f"a Mastodon server; {LATER}: not yet"),
        Question(name="callback", asks="At which address does it listen?", read=reading.web,
                 needed=_is("connection", CALLBACK),
                 default=lambda said: said.get("site-url", "") + "heed",
                 help="your site's own endpoint"),
        Question(name="evidence", asks="Where can Heed fetch files that are hidden?",
                 read=reading.or_none(reading.line), needed=_is("connection", CALLBACK),
                 default=_always(NONE), help="with {ref} and {n} for item and file; or none"),
        Question(name="mastodon-token", asks="An access token of that server", secret=True,
                 read=reading.line, needed=_is("connection", MASTODON),
                 help="Preferences > Development; its scopes: admin:read:reports, "
                 "admin:write:reports, admin:read:accounts, admin:write:accounts, read:statuses"),
        Question(name="mastodon-secret", asks="The signing secret of its webhook", secret=True,
                 read=reading.line, needed=_is("connection", MASTODON),
                 help="Administration > Webhooks; report.created, report.updated, status.created"),
    ),
)  # fmt: skip
CHAPTERS = (SITE, CONTACT, PEOPLE, MAIL, MACHINE, CONNECTION)
QUESTIONS = tuple(one for chapter in CHAPTERS for one in chapter.questions)
