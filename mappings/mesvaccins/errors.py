"""How the legacy API says that something went wrong: French sentences, or English by option."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mappings.core import pointer as pointers
from mappings.core.context import Document
from mappings.core.errors import Problem

Language = Literal["fr", "en"]

STATUSES: Mapping[Language, Mapping[int, str]] = {
    "fr": {
        400: "La requête est mal formée.",
        401: "Vous devez vous authentifier.",
        403: "Vous n'avez pas accès à cette ressource.",
        404: "Cette ressource n'existe pas.",
        405: "Cette méthode n'est pas permise ici.",
        408: "La requête n'est pas arrivée à temps.",
        409: "La ressource a été modifiée entre-temps : relisez-la avant d'écrire.",
        411: "La longueur de la requête manque.",
        412: "La ressource n'est plus dans l'état que vous demandez.",
        413: "La requête est trop grande.",
        414: "L'adresse de la requête est trop longue.",
        415: "Ce format n'est pas accepté : envoyez du JSON.",
        417: "Cette attente ne peut pas être satisfaite.",
        421: "Ce nom d'hôte n'est pas servi ici.",
        431: "Les en-têtes de la requête sont trop grands.",
        500: "Une erreur est survenue.",
        501: "Cette fonction n'existe plus dans le nouveau service.",
        502: "Le service a donné une réponse inattendue.",
        503: "Le service est momentanément indisponible : réessayez plus tard.",
        504: "Le service n'a pas répondu à temps.",
        505: "Cette version de HTTP n'est pas acceptée.",
        508: "La requête tourne en rond.",
    },
    "en": {
        400: "The request is malformed.",
        401: "You must authenticate.",
        403: "You have no access to this resource.",
        404: "This resource does not exist.",
        405: "This method is not allowed here.",
        408: "The request did not arrive in time.",
        409: "The resource was changed in the meantime: read it again before writing.",
        411: "The length of the request is missing.",
        412: "The resource is no longer in the state that you ask for.",
        413: "The request is too large.",
        414: "The address of the request is too long.",
        415: "This format is not accepted: send JSON.",
        417: "This expectation cannot be met.",
        421: "This host name is not served here.",
        431: "The headers of the request are too large.",
        500: "An error occurred.",
        501: "This function does not exist any more in the new service.",
        502: "The service gave an unexpected answer.",
        503: "The service is temporarily unavailable: try again later.",
        504: "The service did not answer in time.",
        505: "This version of HTTP is not accepted.",
        508: "The request goes round in circles.",
    },
}

REASONS: Mapping[Language, Mapping[str, str]] = {
    "fr": {
        "blank": "doit être rempli(e)",
        "contradiction": "contredit un autre champ",
        "date": "n'est pas une date (AAAA-MM-JJ)",
        "department": "n'est pas un numéro de département",
        "inclusion": "n'est pas inclus(e) dans la liste",
        "invalid": "n'est pas valide",
        "mismatch": "ne correspond pas à l'adresse de la requête",
        "not_a_boolean": "n'est ni vrai ni faux",
        "not_a_list": "n'est pas une liste",
        "not_a_number": "n'est pas un nombre",
        "not_a_text": "n'est pas un texte",
        "not_an_object": "n'est pas un objet",
        "not_kept": "ne peut plus être conservé(e)",
        "read_only": "ne peut pas être modifié(e) ici",
        "refused": "n'a pas été accepté(e)",
        "rpps": "n'est pas un numéro RPPS",
        "taken": "n'est pas disponible",
        "timestamp": "n'est pas une date avec heure et fuseau",
        "undeclared": "n'existe pas",
        "unknown": "n'existe pas",
        "uuid": "n'est pas un identifiant valide",
    },
    "en": {
        "blank": "can't be blank",
        "contradiction": "contradicts another field",
        "date": "is not a date (YYYY-MM-DD)",
        "department": "is not the number of a department",
        "inclusion": "is not included in the list",
        "invalid": "is invalid",
        "mismatch": "does not match the address of the request",
        "not_a_boolean": "is neither true nor false",
        "not_a_list": "is not a list",
        "not_a_number": "is not a number",
        "not_a_text": "is not a text",
        "not_an_object": "is not an object",
        "not_kept": "can no longer be kept",
        "read_only": "cannot be changed here",
        "refused": "was not accepted",
        "rpps": "is not an RPPS number",
        "taken": "has already been taken",
        "timestamp": "is not a date with time and zone",
        "undeclared": "does not exist",
        "unknown": "does not exist",
        "uuid": "is not a valid identifier",
    },
}

OCCASIONS: Mapping[Language, Mapping[str, str]] = {
    "fr": {
        "too_long": "La liste est trop longue pour être donnée en entier.",
        "unknown_outcome": "Cette création est peut-être déjà faite : relisez avant de "
        "recommencer.",
    },
    "en": {
        "too_long": "The list is too long to be given whole.",
        "unknown_outcome": "This creation may have been made already: read before you try again.",
    },
}

WHOLE_DOCUMENT = "base"
"""Under this name Rails files what concerns no field."""


@dataclass(frozen=True, slots=True)
class LegacyErrors:
    """`{"error": "..."}`, or `{"errors": {"birth_date": ["..."]}}` for a document with problems."""

    language: Language
    style: Literal["errors", "bare"] = "errors"

    def error(self, status: int, reason: str = "") -> Document:
        """The body for a status, or for its reason; one that has no sentence reads as 500."""
        sentences = STATUSES[self.language]
        sentence = OCCASIONS[self.language].get(reason) or sentences.get(status, sentences[500])
        return {"error": sentence}

    def partial(self, status: int, pointer: str, reason: str = "") -> Document:
        """The same, for what concerns one place of the client's document."""
        sentences = {pointers.path(pointer): [self.error(status, reason)["error"]]}
        return sentences if self.style == "bare" else {"errors": sentences}

    def invalid(self, problems: Sequence[Problem]) -> Document:
        """The body for a document with problems: the sentences by field, in the order found."""
        sentences: dict[str, list[str]] = {}
        for problem in problems:
            said = sentences.setdefault(pointers.path(problem.pointer) or WHOLE_DOCUMENT, [])
            sentence = REASONS[self.language][problem.reason]
            if sentence not in said:
                said.append(sentence)
        return sentences if self.style == "bare" else {"errors": sentences}

    def headers(self, status: int) -> Mapping[str, str]:
        """The headers that the old API sent with a status."""
        if status != 401:
            return {}
        return {"WWW-Authenticate": 'Bearer realm="Doorkeeper", error="invalid_token"'}
