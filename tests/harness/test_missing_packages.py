"""A package that is refused is missing, whoever imported it before, and is there again later."""

from __future__ import annotations

import importlib
import json.decoder
import sys

import pytest

from harness.missing import refused


def test_a_package_is_missing_with_all_its_modules_and_comes_back_as_it_was() -> None:
    before = sys.modules["json.decoder"]

    with refused("json", "csv"):
        for name in ("json", "json.decoder", "csv"):
            with pytest.raises(ModuleNotFoundError, match=r"(json|csv) is refused here"):
                importlib.import_module(name)
        assert importlib.import_module("string")

    assert sys.modules["json.decoder"] is before is json.decoder


def test_nothing_is_missing_where_nothing_is_named() -> None:
    with refused():
        assert importlib.import_module("json") is json


def test_it_comes_back_though_the_body_fails() -> None:
    with pytest.raises(KeyError), refused("json"):
        raise KeyError

    assert importlib.import_module("json") is json
