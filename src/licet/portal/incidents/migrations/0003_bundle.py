"""What a gateway judges by, as its ledger says."""

from typing import Any, ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """What a gateway judges by, as its ledger says."""

    dependencies: ClassVar[list[Any]] = [("incidents", "0002_measures")]

    operations: ClassVar[list[Any]] = [
        migrations.AddField(
            model_name="followedledger",
            name="bundle",
            field=models.CharField(blank=True, default="", max_length=64),
        ),
    ]
