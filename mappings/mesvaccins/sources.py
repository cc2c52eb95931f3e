"""The sources that this pack's evidence cites; `docs/apis.md` holds what each of them says."""

from mappings.core.evidence import documented

SOURCES = {
    "SEED": "the vendor's guide “Migrate to the new api”",
    "MHR": "another rendering of that guide, with the list of removed fields",
    "MSAD": "the vendor's guide “Migrate from sadv”",
    "VACC": "legacy documentation, page “Vaccinations”",
    "ISSUES": "legacy documentation, page “vaccine issues”",
    "AUTHP": "legacy documentation, page “Authentification patient”",
    "VFC": "a public legacy client, `MesVaccinsConnector`",
    "COND": "the vendor's public condition nomenclature",
    "SADV": "the vendor's documentation of the new decision-support API",
    "SUP": "the vendor's help articles on the new web application",
    "DOORK": "the public repository `doorkeeper-gem/doorkeeper`",
}

SEED = documented("SEED")
MHR = documented("MHR")
VACC = documented("VACC")
ISSUES = documented("ISSUES")
VFC = documented("VFC")
MSAD = documented("MSAD")
