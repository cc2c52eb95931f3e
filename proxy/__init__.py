"""Carries requests of legacy applications to the new API; knows no field and no path of any API."""
