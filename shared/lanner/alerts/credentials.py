"""Obvious credentials in texts: each is replaced, what it is called stays.

Texts come from events, so attackers write some of them. Both steps take time in proportion to the text: RE2 finds the
places where a credential may begin, by patterns of limited length; there, a regex whose runs are possessive tells
whether it is one, and where it ends.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import msgspec

__all__ = ["MASK", "is_credential_name", "is_key_id_name", "may_hold_credentials", "without_credentials"]

MASK = b"[redacted]"

# In all patterns blanks and line ends play no role (a blank itself is \x20), and neither does the case of letters.

_NAME = r"""(?:pass(?:word|wd|phrase|code)|secret|token|credentials?|connection[_-]?string|docker(?:configjson|cfg)
    |(?:api|access|secret|private|client|account|encryption|signing|master|shared|auth|ssh|license)[_-]?key
    |access[_-]?key[_-]?id|client[_-]?key[_-]?data|pwd)"""
_NOT_CERT_MANAGER = r"(?<!inject-ca-from-secret)"  # an annotation that names a Secret
_OPTION = rf"--?(?:[a-z0-9]{{1,16}}-){{0,3}}{_NAME}"
_SCHEME = r"(?:bearer|basic|token|digest|negotiate|apikey)"
_BARE_SCHEME = r"(?:bearer|basic)"
_HEADER = r"(?:x-(?:vault|auth|api|access|gitlab|consul)-(?:token|key))"

_QUOTE = r"""\\{0,7}["']"""  # of JSON in a string of JSON, perhaps in another one
_URI_BLANK = r"(?:[+]|%20)"
_URI_BREAK = r"(?:[+]|%20|(?:&|\\u0026)(?:command|args)=)"  # between the words of a command line in a URI
_END_OF_NAME = rf"(?:{_QUOTE}|%2[27])?"
_LIKELY_SIGN = rf"{_END_OF_NAME}[\t\x20]{{0,4}}(?:[=:]|{_URI_BLANK}?%3[AD]|[+]?:)"

# What follows a name. The groups tell how the value is written, and so where it ends.
_OPENING = rf"(?:(?P<quote>{_QUOTE})|(?P<uri_quote>%2[27]))?"
_SIGN = rf"""{_END_OF_NAME}
    (?:[\t\x20]{{0,4}}(?:=[\t\x20]{{0,2}}|:(?=[\t\x20]|{_QUOTE})[\t\x20]{{0,4}})
    |(?P<uri>{_URI_BLANK}?%3[AD]|:(?=[+]|%20)){_URI_BLANK}{{0,3}})
    {_OPENING}"""
_BREAK = rf"(?:(?P<uri>{_URI_BREAK})|\x20{{1,3}}){_OPENING}"
_IN_LIST = rf"(?P<quote>{_QUOTE})\s{{0,40}},\s{{0,40}}(?P=quote)"

# What is no credential, but says where one is, or that there is none, is worth seeing: $(cat token), ${TOKEN}, true.
_NO_REFERENCE = r"(?!(?-i:\$[({A-Z_]|%24(?:%28|%7B|[({A-Z_])|`|%60)|(?:true|false|null|none|nil)(?!\w))"
_TO_QUOTE = rf"""{_NO_REFERENCE}(?:[^"'\\]|(?!(?<!\\)(?P=quote))["'\\])++"""
_TO_URI_QUOTE = r"(?:[^\s&%\\]|%(?!2[27]))++"
_TO_END_IN_URI = r"""(?:[^\s"'&+%\\]|%(?!20|2[267]|0[AD]|3B|7C))++"""
_TO_END_IN_SHELL = r"""(?:[^\s"'&;|()<>`\\]|\\(?!["'\\nrtu]))++"""
_VALUE = rf"""(?(quote){_TO_QUOTE}|{_NO_REFERENCE}
    (?(uri_quote){_TO_URI_QUOTE}|(?(uri){_TO_END_IN_URI}|{_TO_END_IN_SHELL})))"""
_RUN = r"(?:[\w.~/=-]|(?(uri)%(?:2B|2F|3D)|[+]))"

_GROUP = r"(\(\?P[<=]|\(\?\()(\w+)"
"""A name of a group in a pattern, where it is defined or used."""


class _Kind(msgspec.Struct, frozen=True):
    """A kind of credential: how one may begin, and what is one.

    Of the match of `certain`, the group `kept` stays, and the group `after`, if there is one.
    """

    likely: str
    certain: str


_KINDS = [
    # password=…, "token": "…", client-key-data: …, API_KEY%3D…
    _Kind(rf"{_NAME}{_LIKELY_SIGN}", rf"(?P<kept>{_NAME}{_NOT_CERT_MANAGER}{_SIGN})(?<!pwd=(?=/)){_VALUE}"),
    # "name":"DB_PASSWORD","value":"…" of a container's environment
    _Kind(
        rf"{_NAME}{_QUOTE}\s{{0,40}},\s{{0,40}}{_QUOTE}value{_QUOTE}",
        rf"(?P<kept>{_NAME}{_IN_LIST}value(?P=quote)\s{{0,4}}:\s{{0,4}}(?P=quote)){_TO_QUOTE}",
    ),
    # --token …, "--db-password","…", command=--secret&command=…
    _Kind(rf"{_OPTION}{_QUOTE}\s{{0,40}},", rf"(?P<kept>(?<![\w-]){_OPTION}{_IN_LIST})(?!-){_TO_QUOTE}"),
    _Kind(rf"{_OPTION}(?:\x20|{_URI_BREAK})", rf"(?P<kept>(?<![\w-]){_OPTION}{_BREAK})(?!-){_VALUE}"),
    # Authorization: Bearer … (not the annotation apiserver.latency.k8s.io/authorization), X-Vault-Token:… (without a
    # blank), Cookie: …, Bearer …
    _Kind(
        rf"authorization{_LIKELY_SIGN}",
        rf"(?P<kept>(?<!/)authorization{_SIGN}(?:{_SCHEME}(?:\x20|{_URI_BLANK}){{1,3}})?+){_VALUE}",
    ),
    _Kind(rf"{_HEADER}:", rf"(?P<kept>{_HEADER}:){_NO_REFERENCE}{_TO_END_IN_SHELL}"),
    _Kind(rf"cookie{_LIKELY_SIGN}", rf"""(?P<kept>cookie{_SIGN})(?:[^"'\r\n&\\%]|%(?!2[27]))++"""),
    _Kind(
        rf"{_BARE_SCHEME}(?:\x20|{_URI_BLANK})",
        rf"(?P<kept>(?<![\w-]){_BARE_SCHEME}(?:(?P<uri>{_URI_BLANK})|\x20){{1,3}})(?={_RUN}{{16}}){_RUN}++",
    ),
    # curl -u user:…, sshpass -p …
    _Kind(
        rf"(?:-u|-user)(?:[\x20=]|%3D|{_URI_BREAK})",
        rf"""(?P<kept>(?:-u|-user)(?:(?P<uri>{_URI_BREAK}|%3D)|\x20{{1,3}}|=){_OPENING}[^\s:"'&%+]{{1,64}}(?::|%3A))
        (?!\d++(?!\w)){_VALUE}""",
    ),
    _Kind(rf"sshpass(?:\x20|{_URI_BREAK})-p", rf"(?P<kept>sshpass(?:\x20|{_URI_BREAK})-p{_BREAK}){_VALUE}"),
    # X-Amz-Signature=…, &sig=…
    _Kind(r"(?:signature|[?&]sig)(?:=|%3D)", r"""(?P<kept>(?:signature|[?&]sig)(?:=|%3D))[^\s"'&\\]++"""),
    # "auth":"…" of registries
    _Kind(
        rf"{_QUOTE}auth{_QUOTE}[\t\x20]{{0,4}}:",
        rf"(?P<kept>(?P<quote>{_QUOTE})auth(?P=quote)[\t\x20]{{0,4}}:[\t\x20]{{0,4}}(?P=quote))[a-z0-9+/=]{{8}}[a-z0-9+/=]*+",
    ),
    # https://user:…@host
    _Kind(r"://", r"""(?P<kept>://[^\s/?#@:"'&]*+:)(?:[^\s/?#@"'&]*+(?P<after>@))++"""),
    _Kind(
        r"%3A(?:%2F|/){2}",
        r"""(?P<kept>%3A(?:%2F|/){2}(?:[^\s&%:/]|%(?!40|3A|2F))*+(?:%3A|:))(?:[^\s&%/@"']|%(?!40|2F|20|2[27]))++(?P<after>%40|@)""",
    ),
    # Private keys, plain and in base64
    _Kind(
        r"-----BEGIN",
        r"""(?P<kept>)-----BEGIN[\x20+A-Z0-9%]{0,40}PRIVATE(?:[\x20+]|%20)KEY[\x20+%A-Z0-9]{0,12}-----
        (?:[^-]|-(?!----))*+(?:-----END[^-]{0,60}-----)?""",
    ),
    _Kind(
        r"(?-i:LS0tLS1CRUdJTi)",
        r"""(?P<kept>)(?-i:LS0tLS1CRUdJTi(?:BQUklWQVRF|BSU0EgUFJJVkFUR|BFQyBQUklWQVRF|BPUEVOU1NIIFBSSVZBV|BFTkNSWVBURUQg|BEU0Eg))
        [\w+/=-]*+""",
    ),
    # Tokens with a form of their own: JSON web tokens, GitHub, GitLab, Slack, Google, Stripe, npm, Docker, Vault, EKS …
    _Kind(
        r"(?-i:eyJ[\w-]{8})",
        r"(?P<kept>)(?-i:(?:(?<![\w-])|(?<=%[0-9A-Fa-f][0-9A-Fa-f]))eyJ)[\w-]++\.[\w-]{4}[\w.-]*+",
    ),
    _Kind(
        r"(?-i:AKIA|ASIA)[A-Z0-9]{16}",  # but who used one is told by EKS
        r"""(?P<kept>)(?<![a-z0-9])(?<!accessKeyId":\[")(?-i:AKIA|ASIA)[A-Z0-9]{16}(?![a-z0-9])""",
    ),
    _Kind(r"gh[pousr]_", r"(?P<kept>)gh[pousr]_\w{30}\w*+"),
    _Kind(r"github_pat_", r"(?P<kept>)github_pat_\w{22}\w*+"),
    _Kind(
        r"(?:glpat|GOCSPX|xox[abeprs]|xapp|sk-ant|sk-proj)-",
        r"(?P<kept>)(?:glpat|GOCSPX|xox[abeprs]|xapp|sk-ant|sk-proj)-[\w-]{16}[\w-]*+",
    ),
    _Kind(r"(?-i:AIza)", r"(?P<kept>)(?-i:AIza)[\w-]{35}[\w-]*+"),
    _Kind(r"(?-i:ya29|hv[sbr])\.", r"(?P<kept>)(?-i:ya29|hv[sbr])\.[\w-]{20}[\w-]*+"),
    _Kind(r"(?:[rs]k_live|npm|dckr_pat)_", r"(?P<kept>)(?:[rs]k_live|npm|dckr_pat)_[\w-]{16}[\w-]*+"),
    _Kind(r"k8s-aws-v1\.", r"(?P<kept>)k8s-aws-v1\.[\w%=-]++"),
    _Kind(r"hooks\.slack\.com/", r"(?P<kept>hooks\.slack\.com/(?:services|workflows|triggers)/)[\w/-]++"),
    _Kind(r"bearer\.authorization\.k8s\.io\.", r"(?P<kept>bearer\.authorization\.k8s\.io\.)[\w-]++"),
]


def may_hold_credentials(text: bytes) -> bool:
    """Tell whether it is worth looking closer at a text: most have nothing that a credential could begin with."""
    return _likely().search(text) is not None


def without_credentials(text: bytes) -> bytes:
    """Return `text` with `MASK` for each credential."""
    likely, certain = _likely(), _certain()
    out: list[bytes] = []
    done = position = 0
    while True:
        place = likely.search(text, position)
        if place is None:
            break
        found = certain.match(text, place.start())
        position = place.end()
        if found is not None:
            number = (found.lastgroup or "").removeprefix("kind")
            after = f"after{number}"
            out += [text[done : found.end(f"kept{number}")], MASK]
            out += [found[after]] if after in certain.groupindex else []
            done = position = found.end()
    return b"".join([*out, text[done:]]) if out else text


@cache
def is_credential_name(name: str) -> bool:
    """Tell whether what is called `name` is a credential, such as `access_token`; a path counts by its last name."""
    last = name.rstrip("/0123456789")
    return re.search(rf"{_tight(_NAME)}\Z", last, re.IGNORECASE) is not None and not is_key_id_name(name)


@cache
def is_key_id_name(name: str) -> bool:
    """Tell whether what is called `name` says which credential was used, which is worth knowing and no secret."""
    return name.rstrip("/0123456789").lower().endswith("accesskeyid")


@cache
def _likely() -> Any:
    """Return the pattern of all places where a credential may begin."""
    import re2  # only alerts need it

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.case_sensitive = False
    options.log_errors = False
    options.never_capture = True
    return re2.compile(_tight("|".join([kind.likely for kind in _KINDS])).encode(), options)


@cache
def _certain() -> re.Pattern[bytes]:
    """Return the pattern of all credentials. The last group of a match is empty and tells, by its name, the kind."""
    kinds = [f"{_tight(kind.certain)}(?P<kind>)" for kind in _KINDS]
    numbered = [re.sub(_GROUP, rf"\1\2_{number}", kind) for number, kind in enumerate(kinds)]
    return re.compile("|".join(numbered).encode(), re.IGNORECASE | re.DOTALL)


def _tight(pattern: str) -> str:
    return "".join(pattern.split())
