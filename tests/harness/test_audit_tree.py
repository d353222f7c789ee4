"""A foreign tree: read as a file describes it, and nothing in it is ever run."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
import pytest

from harness.audit.audit import Audit, surface_reasons
from harness.audit.auditing import audit_tree
from harness.audit.surface import read_foreign
from harness.audit.tree import read_tree
from harness.errors import ExitCode, InputError
from tests.harness.audited import TODAY, kinds, mismatched, opened, owners

SURFACE = """\
calls:
  - {call: db.session.add, writes: [accounts]}
  - {call: db.session.execute, writes: [accounts]}
  - {call: Account.objects.update, writes: [accounts]}
  - {call: Account.save, writes: [accounts]}
  - {call: stripe.Invoice.pay, writes: [invoices], outside: true}
registrations:
  decorators: [app.route, celery.task]
  calls: [app.add_url_rule]
  tables: [HANDLERS, BEAT_SCHEDULE]
  classes: [views.MethodView]
tables: {billing_accounts: accounts}
harmless: [flask, celery, sqlalchemy, django]
paths:
  api.pay:
    functions: [shop.views:pay]
    writes: [accounts, invoices]
    reads: []
  api.refund:
    functions: [shop.views:Refund]
    writes: [accounts]
    reads: []
  cron.ban:
    functions: [shop.tasks:ban]
    modules: [shop.bans]
    writes: [accounts]
    reads: []
"""
FILES = {
    "shop/__init__.py": "raise SystemExit('this package was imported')\n",
    "shop/base.py": (
        "from flask import Flask\nfrom celery import Celery\nfrom sqlalchemy import SQLAlchemy\n"
        "app = Flask('shop')\ncelery = Celery('shop')\ndb = SQLAlchemy(app)\n"
    ),
    "shop/models.py": (
        "from django.db import models\n\nclass Account(models.Model):\n    flagged = False\n"
    ),
    "shop/views.py": (
        "import stripe\nfrom flask import views\n\nfrom .base import app, db\n"
        "from .models import Account\n\n\n"
        "@app.route('/pay', methods=['POST'])\ndef pay(invoice):\n"
        "    stripe.Invoice.pay(invoice)\n    settle(invoice)\n\n"
        "def settle(invoice):\n    db.session.add(invoice)\n\n\n"
        "class Refund(views.MethodView):\n"
        "    def post(self, account):\n        self._put(account)\n\n"
        "    def _put(self, account):\n"
        "        Account.objects.filter(id=account).update(flagged=False)\n\n"
        "app.add_url_rule('/refund', view_func=Refund)\n"
    ),
    "shop/tasks.py": (
        "from .base import celery\nfrom . import bans\n\n\n"
        "@celery.task\ndef ban(account):\n    bans.put(account)\n\n"
        "BEAT_SCHEDULE = {'ban': {'task': 'shop.tasks.ban', 'schedule': '0 3 * * *'}}\n"
    ),
    "shop/bans.py": (
        "from .base import db\n\ndef put(account):\n"
        "    db.session.execute('UPDATE billing_accounts SET banned = true')\n"
    ),
}


def tree(folder: Path, **more: str) -> Path:
    """Write the foreign shop, with files replaced or added (`__` for `/`)."""
    changed = {name.replace("__", "/"): text for name, text in more.items()}
    for name, text in {**FILES, **changed}.items():
        file = folder / "foreign" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder / "foreign"


def described(folder: Path, text: str = SURFACE) -> Path:
    file = folder / "described.yaml"
    file.write_text(text)
    return file


def found(folder: Path, surface: str = SURFACE, **more: str) -> Audit:
    return audit_tree(tree(folder, **more), read_foreign(described(folder, surface)), today=TODAY)


def test_a_tree_whose_writers_are_all_owned_is_clean(tmp_path: Path) -> None:
    audit = found(tmp_path)

    assert opened(audit) == set()
    assert mismatched(audit) == set()
    assert audit.exit_code is ExitCode.OPEN
    assert owners(audit) == {
        "shop.bans:put": ("cron.ban",),
        "shop.views:Refund._put": ("api.refund",),
        "shop.views:pay": ("api.pay",),
        "shop.views:settle": ("api.pay",),
    }
    assert {item.kind for item in audit.items} == {"registration", "schedule", "table"}


def test_nothing_of_the_tree_is_imported(tmp_path: Path) -> None:
    before, path = set(sys.modules), list(sys.path)

    found(tmp_path)

    assert {name for name in set(sys.modules) - before if name.startswith("shop")} == set()
    assert sys.path == path


def test_a_route_that_nobody_owns_is_named(tmp_path: Path) -> None:
    route = (
        "from shop.base import app, db\n\n@app.route('/forgive')\ndef forgive(account):\n"
        "    db.session.add(account)\n"
    )

    audit = found(tmp_path, **{"shop__forgive.py": route})

    assert opened(audit) == {
        ("writer", "shop.forgive:forgive", "writes accounts, and no path reaches it"),
        ("registration", "shop.forgive:forgive", "@app.route('/forgive')"),
    }


def test_a_method_that_a_registered_class_has_and_no_path_lists_is_named(tmp_path: Path) -> None:
    surface = SURFACE.replace("[shop.views:Refund]", "[shop.views:Refund.post]")
    views = FILES["shop/views.py"].replace(
        "    def _put",
        "    def delete(self, account):\n        account = Account()\n        account.save()\n\n"
        "    def _put",
    )

    audit = found(tmp_path, surface, **{"shop__views.py": views})

    assert ("writer", "shop.views:Refund.delete", "writes accounts, and no path reaches it") in (
        opened(audit)
    )
    assert ("registration", "shop.views:Refund", "inherits from MethodView") in opened(audit)


def test_a_task_that_only_a_schedule_names_is_named(tmp_path: Path) -> None:
    task = "from .base import db\n\ndef purge():\n    db.session.add(1)\n"
    tasks = FILES["shop/tasks.py"].replace(
        "BEAT_SCHEDULE = {",
        "BEAT_SCHEDULE = {'purge': {'task': 'shop.purge.purge', 'schedule': 60}, ",
    )

    audit = found(tmp_path, **{"shop__purge.py": task, "shop__tasks.py": tasks})

    assert {("table", "shop.tasks:BEAT_SCHEDULE", "table BEAT_SCHEDULE")} <= opened(audit)
    assert owners(audit)["shop.purge:purge"] == ()


def test_a_registry_of_getattr_is_left_to_a_person(tmp_path: Path) -> None:
    made = "HANDLERS = {name: getattr(views, 'on_' + name) for name in 'ab'}"
    handle = "def handle(event):\n    return HANDLERS[event['type']](event)\n"
    registry = f"from shop import views\n\n{made}\n\n{handle}"

    audit = found(tmp_path, **{"shop__registry.py": registry})

    assert ("table", "shop.registry:HANDLERS", "table HANDLERS") in opened(audit)
    assert "dispatch" in kinds(audit)


def test_a_statement_elsewhere_is_a_writer_of_its_store(tmp_path: Path) -> None:
    report = 'def run(cursor):\n    cursor.execute("""\n    INSERT INTO billing_accounts ...""")\n'

    audit = found(tmp_path, **{"scripts__report.py": report})

    assert opened(audit) == {
        ("writer", "scripts.report:run", "writes accounts, and no path reaches it")
    }


def test_a_package_that_nobody_describes_is_named_by_its_calls(tmp_path: Path) -> None:
    text = "import boto3\n\ndef keep(row):\n    boto3.client('s3').put_object(Body=row)\n"

    audit = found(tmp_path, **{"shop__keep.py": text})

    assert {what for _, _, what in opened(audit)} == {
        "calls boto3.client, which nobody describes",
        "calls boto3.client.put_object, which nobody describes",
    }


def test_files_that_cannot_be_read_are_named_and_counted(tmp_path: Path) -> None:
    folder = tree(
        tmp_path, **{"old.py": "print 'two'\n", "web__a.ts": "x", "web__b.ts": "y", "job.sql": "z"}
    )
    (folder / "bad.py").write_bytes(b"# coding: nonsense\n")
    (folder / "null.py").write_bytes(b"a = 1\0")
    (folder / "huge.py").write_bytes(b"#" * (1 << 21))
    (folder / "deep.py").write_text("x = " + "(" * 3000 + ")" * 3000)
    (folder / "run").write_text("#!/bin/sh\nrm -rf /\n")
    (folder / "tool").write_text("#!/usr/bin/env python3\nimport os\n")

    audit = audit_tree(folder, read_foreign(described(tmp_path)), today=TODAY)

    named = {(kind, where) for kind, where, _ in opened(audit)}
    assert named == {
        ("file-unparsed", "old.py"),
        ("file-unparsed", "null.py"),
        ("file-unparsed", "deep.py"),
        ("file-unread", "bad.py"),
        ("file-unread", "huge.py"),
        ("not-understood", ".ts"),
        ("not-understood", ".sql"),
        ("not-understood", "#!"),
    }
    assert ("not-understood", ".ts", "2 files in a language that is not understood") in opened(
        audit
    )
    assert audit.modules == len(FILES) + 1
    assert [reason.slug for reason in surface_reasons(audit)] == ["surface-unread"]


def test_a_folder_is_left_out_only_by_name_and_with_a_reason(tmp_path: Path) -> None:
    surface = SURFACE + "left_out: {web: the pages are another team's}\n"

    audit = found(tmp_path, surface, **{"web__a.ts": "x"})

    assert opened(audit) == set()
    assert audit.passed["web: the pages are another team's"] == 1


def test_links_are_followed_once_inside_the_tree_and_never_out_of_it(tmp_path: Path) -> None:
    folder = tree(tmp_path)
    (folder / "loop").symlink_to(folder)
    (folder / "again.py").symlink_to(folder / "shop" / "views.py")
    (tmp_path / "secret.py").write_text("x = 1\n")
    (folder / "out.py").symlink_to(tmp_path / "secret.py")
    (folder / "nowhere.py").symlink_to(folder / "gone.py")
    (folder / "self").symlink_to(folder / "self")

    audit = audit_tree(folder, read_foreign(described(tmp_path)), today=TODAY)

    assert {(kind, where) for kind, where, _ in opened(audit)} >= {
        ("file-unread", "nowhere.py"),
        ("file-unread", "out.py"),
        ("file-unread", "self"),
    }
    assert audit.modules == len(FILES)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_listed_is_named(tmp_path: Path) -> None:
    folder = tree(tmp_path)
    (folder / "shut").mkdir(mode=0)

    audit = audit_tree(folder, read_foreign(described(tmp_path)), today=TODAY)

    assert ("file-unread", "shut", "permission denied") in opened(audit)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    folder = tree(tmp_path)
    os.mkfifo(folder / "pipe.py")

    audit = audit_tree(folder, read_foreign(described(tmp_path)), today=TODAY)

    assert ("file-unread", "pipe.py", "is no regular file") in opened(audit)


def test_a_schedule_in_a_file_of_data_is_named(tmp_path: Path) -> None:
    yaml = "jobs:\n  - {run: shop.night, at: '15 4 * * 1-5'}\n  - [1, 2, 3, 4, 5]\n"

    audit = found(tmp_path, **{"deploy__jobs.yaml": yaml})

    assert opened(audit) == {("schedule", "deploy/jobs.yaml", "runs something at '15 4 * * 1-5'")}


def test_a_folder_that_is_none_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no folder"):
        read_tree(tmp_path / "gone")


def test_an_empty_folder_is_no_success(tmp_path: Path) -> None:
    (tmp_path / "foreign").mkdir()
    audit = audit_tree(tmp_path / "foreign", read_foreign(described(tmp_path)), today=TODAY)

    assert audit.exit_code is ExitCode.NOTHING


def test_an_installed_package_is_read_whole(tmp_path: Path) -> None:
    """A smoke test on code that nobody wrote for it: all of it is read, its writers are found."""
    folder = Path(str(click.__file__)).parent
    surface = """\
    calls: [{call: sys.stdout.write, outside: true}, {call: file.write, outside: true}]
    package: click
    paths: {progress: {functions: ["click._termui_impl:ProgressBar.render_progress"]}}
    """
    file = described(tmp_path, "\n".join(line.strip() for line in surface.splitlines()))

    audit = audit_tree(folder, read_foreign(file), today=TODAY)

    assert audit.modules == len(list(folder.rglob("*.py")))
    assert not {"file-unread", "file-unparsed"} & kinds(audit)
    assert not any(item.kind == "handler" for item in audit.open)
    owned = owners(audit)
    assert owned["click.utils:echo"] == ("progress",)
    assert any(not by for by in owned.values())
