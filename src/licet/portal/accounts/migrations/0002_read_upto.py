"""Up to where somebody has read their notices."""

from typing import Any, ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds the column."""

    dependencies: ClassVar[list[Any]] = [
        ("accounts", "0001_initial"),
    ]

    operations: ClassVar[list[Any]] = [
        migrations.AddField(
            model_name="person",
            name="read_upto",
            field=models.PositiveBigIntegerField(default=0),
        ),
    ]
