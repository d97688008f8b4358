"""Guardians are written to, and told of each week once."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds the columns."""

    dependencies: ClassVar = [
        ("families", "0001_initial"),
    ]

    operations: ClassVar = [
        migrations.AddField(
            model_name="notice",
            name="letter_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="notice",
            name="tries",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="storedlink",
            name="reported",
            field=models.DateField(null=True),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(fields=["letter_at"], name="families_no_letter__99cc39_idx"),
        ),
    ]
