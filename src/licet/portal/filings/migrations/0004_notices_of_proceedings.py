"""Notices of proceedings, beside those of cases."""

from typing import Any, ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Notices of proceedings, beside those of cases."""

    dependencies: ClassVar[list[Any]] = [
        ("filings", "0003_proceedings"),
        ("incidents", "0004_seen_by_provider"),
    ]

    operations: ClassVar[list[Any]] = [
        migrations.AlterField(
            model_name="notice",
            name="case",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="notices",
                to="filings.storedcase",
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="proceeding",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="notices",
                to="incidents.storedproceeding",
            ),
        ),
    ]
