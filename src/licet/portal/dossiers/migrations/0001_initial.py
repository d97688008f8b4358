"""Dossiers, their versions and files, and people's keys."""

from typing import Any, ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Dossiers, their versions and files, and people's keys."""

    initial = True

    dependencies: ClassVar[list[Any]] = [
        ("accounts", "0002_read_upto"),
        ("filings", "0003_proceedings"),
    ]

    operations: ClassVar[list[Any]] = [
        migrations.CreateModel(
            name="StoredDossier",
            fields=[
                ("id", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("answers", models.JSONField(default=dict)),
                ("sealed", models.JSONField(default=dict)),
                ("published", models.PositiveIntegerField(default=0)),
                ("changed", models.DateTimeField()),
                (
                    "case",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="dossier",
                        to="filings.storedcase",
                    ),
                ),
                (
                    "holder",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="dossiers",
                        to="accounts.body",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Exhibit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sha256", models.CharField(max_length=64)),
                ("name", models.CharField(max_length=200)),
                ("kind", models.CharField(max_length=120)),
                ("size", models.PositiveBigIntegerField()),
                ("at", models.DateTimeField()),
                (
                    "dossier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="exhibits",
                        to="dossiers.storeddossier",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="StoredVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("document", models.BinaryField()),
                ("whats_new", models.TextField()),
                ("at", models.DateTimeField()),
                (
                    "dossier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="dossiers.storeddossier",
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
            },
        ),
        migrations.CreateModel(
            name="Keeper",
            fields=[
                ("mark", models.CharField(max_length=16, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=100)),
                ("side", models.CharField(max_length=16)),
                ("public", models.CharField(max_length=64)),
                ("locked", models.JSONField(null=True)),
                ("made", models.DateTimeField()),
                ("retired", models.DateTimeField(null=True)),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="keys",
                        to="accounts.person",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["side", "retired"], name="dossiers_ke_side_fccf8e_idx")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="storeddossier",
            index=models.Index(
                fields=["holder", "-changed"], name="dossiers_st_holder__3540a0_idx"
            ),
        ),
        migrations.AddConstraint(
            model_name="storedversion",
            constraint=models.UniqueConstraint(
                fields=("dossier", "number"), name="dossier_version_once"
            ),
        ),
    ]
