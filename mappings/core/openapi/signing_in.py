"""The token endpoint's documents (OAuth 2.0, RFC 6749), which are every pack's."""

from __future__ import annotations

from typing import get_args

from mappings.core.oauth import SignInError
from mappings.core.openapi.schemas import Schema

REQUEST: Schema = {
    "type": "object",
    "required": ["grant_type"],
    "properties": {
        "grant_type": {"type": "string", "enum": ["password", "refresh_token"]},
        "username": {"type": "string", "description": "With `password`."},
        "password": {"type": "string", "format": "password", "description": "With `password`."},
        "refresh_token": {"type": "string", "description": "With `refresh_token`."},
        "client_id": {
            "type": "string",
            "description": "The application, where Authorization does not tell it.",
        },
        "client_secret": {
            "type": "string",
            "format": "password",
            "description": "The application's secret, with `client_id`.",
        },
    },
}

GRANT: Schema = {
    "type": "object",
    "required": ["access_token", "token_type", "expires_in"],
    "properties": {
        "access_token": {"type": "string", "description": "Shown with each request."},
        "refresh_token": {"type": "string", "description": "Good for one more pair of tokens."},
        "token_type": {"const": "bearer"},
        "expires_in": {"type": "integer", "description": "How many seconds it is good."},
    },
}

REFUSAL: Schema = {
    "type": "object",
    "required": ["error", "error_description"],
    "properties": {
        "error": {"type": "string", "enum": list(get_args(SignInError))},
        "error_description": {"type": "string"},
    },
}
