"""An event is of a case or of a proceeding."""

from typing import Any, ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """An event is of a case or of a proceeding."""

    dependencies: ClassVar[list[Any]] = [
        ("filings", "0002_notices"),
        ("incidents", "0001_initial"),
    ]

    operations: ClassVar[list[Any]] = [
        migrations.AddField(
            model_name="storedevent",
            name="proceeding",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="events",
                to="incidents.storedproceeding",
            ),
        ),
        migrations.AlterField(
            model_name="storedevent",
            name="case",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="events",
                to="filings.storedcase",
            ),
        ),
        migrations.AddIndex(
            model_name="storedevent",
            index=models.Index(
                fields=["proceeding", "seq"], name="filings_sto_proceed_542936_idx"
            ),
        ),
        migrations.AddConstraint(
            model_name="storedevent",
            constraint=models.CheckConstraint(
                condition=models.Q(("case", None), ("proceeding", None), _connector="XOR"),
                name="of_a_case_or_a_proceeding",
            ),
        ),
    ]
