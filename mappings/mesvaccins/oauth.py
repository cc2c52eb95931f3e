"""How the legacy API signed patients in: almost certainly Doorkeeper, of about version 1 or 2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from mappings.core.evidence import documented, guess
from mappings.core.oauth import OAuthForm, SignInError
from mappings.core.options import Section, option
from mappings.mesvaccins.errors import Language

REALM = "Doorkeeper"

SENTENCES: Mapping[Language, Mapping[SignInError, str]] = {
    "fr": {
        "invalid_client": "L'authentification de l'application a échoué : application inconnue, "
        "authentification absente ou méthode non prise en charge.",
        "invalid_grant": "L'autorisation fournie n'est pas valide, a expiré, a été révoquée ou a "
        "été délivrée à une autre application.",
        "invalid_request": "La requête est mal formée : un paramètre obligatoire est absent ou une "
        "valeur n'est pas prise en charge.",
        "invalid_resource_owner": "L'identifiant ou le mot de passe n'est pas valide.",
        "unsupported_grant_type": "Ce type d'autorisation n'est pas pris en charge.",
    },
    "en": {
        "invalid_client": "Client authentication failed due to unknown client, no client "
        "authentication included, or unsupported authentication method.",
        "invalid_grant": "The provided authorization grant is invalid, expired, revoked, does not "
        "match the redirection URI used in the authorization request, or was issued to another "
        "client.",
        "invalid_request": "The request is missing a required parameter, includes an unsupported "
        "parameter value, or is otherwise malformed.",
        "invalid_resource_owner": "The provided resource owner credentials are not valid, or "
        "resource owner cannot be found",
        "unsupported_grant_type": "The authorization grant type is not supported by the "
        "authorization server.",
    },
}


class OAuth(Section):
    """Signing in."""

    bad_password_error: Literal["invalid_grant", "invalid_resource_owner"] = option(
        "invalid_grant",
        "The error of a sign-in whose name and password do not fit.",
        guess(
            "1.2",
            question="With which error did `/oauth/token` refuse a wrong password?",
            option="oauth.bad_password_error",
        ),
    )
    unknown_refresh_error: Literal["invalid_grant", "invalid_request"] = option(
        "invalid_grant",
        "The error of a refresh token that is not known.",
        guess(
            "1.2",
            question="With which error did `/oauth/token` refuse an unknown refresh token?",
            option="oauth.unknown_refresh_error",
        ),
    )
    lifetime_seconds: Annotated[int, Field(gt=0)] = option(
        7200,
        "How long an access token that the gateway itself gives out is good.",
        documented("AUTHP"),
    )


def oauth_form(options: OAuth, language: Language) -> OAuthForm:
    """The form of the legacy `/oauth/token`."""
    return OAuthForm(
        realm=REALM,
        sentences=SENTENCES[language],
        bad_password=options.bad_password_error,
        unknown_refresh=options.unknown_refresh_error,
        lifetime_seconds=options.lifetime_seconds,
    )
