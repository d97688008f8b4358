"""Notices, and when the next one is due in a case."""

from typing import Any, ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds the table and the column."""

    dependencies: ClassVar[list[Any]] = [
        ("accounts", "0002_read_upto"),
        ("filings", "0001_initial"),
    ]

    operations: ClassVar[list[Any]] = [
        migrations.CreateModel(
            name="Notice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("clock", models.CharField(blank=True, max_length=64)),
                ("due", models.DateField(null=True)),
                ("at", models.DateTimeField()),
                ("letter_at", models.DateTimeField(null=True)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
            ],
        ),
        migrations.AddField(
            model_name="storedcase",
            name="warns",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="storedcase",
            index=models.Index(fields=["warns"], name="filings_sto_warns_f3c11f_idx"),
        ),
        migrations.AddField(
            model_name="notice",
            name="body",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="notices",
                to="accounts.body",
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="case",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="notices",
                to="filings.storedcase",
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="event",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, to="filings.storedevent"
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(fields=["body", "-id"], name="filings_not_body_id_ac54fb_idx"),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(fields=["letter_at"], name="filings_not_letter__a12897_idx"),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(fields=("body", "event"), name="event_told_once"),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(
                condition=models.Q(("event", None)),
                fields=("body", "case", "clock", "due"),
                name="period_told_once",
            ),
        ),
    ]
