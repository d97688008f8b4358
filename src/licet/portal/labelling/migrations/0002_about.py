"""What a sample is of, where it is of a version of a data set.

It refuses to know why; see the models.
"""

from typing import Any, ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """Sample.about."""

    dependencies: ClassVar[list[Any]] = [("labelling", "0001_initial")]

    operations: ClassVar[list[Any]] = [
        migrations.AddField(
            model_name="sample",
            name="about",
            field=models.CharField(blank=True, default="", max_length=40),
        ),
    ]
