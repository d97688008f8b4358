"""The first tables of the outbox.

It refuses to know why; see the models.
"""

from typing import Any, ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """The link, messages and their files, how far cases were read."""

    initial = True

    dependencies: ClassVar[list[Any]] = []

    operations: ClassVar[list[Any]] = [
        migrations.CreateModel(
            name="Followed",
            fields=[
                ("case", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("next", models.PositiveIntegerField(default=0)),
                ("changed", models.CharField(blank=True, max_length=40)),
            ],
        ),
        migrations.CreateModel(
            name="Link",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("url", models.CharField(max_length=500)),
                ("authority", models.CharField(max_length=500)),
                ("provider", models.CharField(max_length=64)),
                ("kid", models.CharField(max_length=64)),
                ("pack", models.CharField(max_length=64)),
                ("receipts", models.JSONField()),
                ("ledger", models.CharField(max_length=500)),
                ("since", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Outgoing",
            fields=[
                ("id", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=40)),
                ("subject", models.CharField(max_length=64)),
                ("token", models.TextField()),
                ("made", models.DateTimeField()),
                ("ends", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("done", "done"),
                            ("refused", "refused"),
                            ("not_taken", "not_taken"),
                        ],
                        default="waiting",
                        max_length=16,
                    ),
                ),
                ("tries", models.PositiveIntegerField(default=0)),
                ("next_try", models.DateTimeField()),
                ("code", models.CharField(blank=True, max_length=64)),
                ("detail", models.CharField(blank=True, max_length=1000)),
                ("receipt", models.TextField(blank=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["state", "next_try"], name="outbox_outg_state_a82bff_idx"
                    ),
                    models.Index(fields=["subject", "id"], name="outbox_outg_subject_f84762_idx"),
                ],
            },
        ),
        migrations.CreateModel(
            name="OutgoingFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sha256", models.CharField(max_length=64)),
                ("name", models.CharField(max_length=200)),
                ("sent", models.BooleanField(default=False)),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="files",
                        to="outbox.outgoing",
                    ),
                ),
            ],
        ),
    ]
