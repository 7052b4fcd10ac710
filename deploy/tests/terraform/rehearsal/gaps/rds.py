"""Every instance gets an identifier of its own (moto gives one constant to all, and the provider reads by it), and keeps
what it was told of Performance Insights: the provider would change it at once, which takes it a minute and a half.
Parameters of a group say that a person set them: the provider passes over all others.
"""

import uuid

from moto.rds.models import DBInstance, DBParameterGroup, RDSBackend


def _own_id(instance):
    instance.dbi_resource_id = "db-" + uuid.uuid4().hex[:26].upper()
    return instance


def install():
    made, copied = DBInstance.__init__, RDSBackend.create_db_instance_read_replica

    def init(self, *args, **kwargs):
        made(self, *args, **kwargs)
        self.performance_insights_enabled = kwargs.get("enable_performance_insights")
        self.performance_insights_kms_key_id = kwargs.get("performance_insights_kms_key_id")
        self.performance_insights_retention_period = kwargs.get("performance_insights_retention_period")
        _own_id(self)

    def of_a_person(self, parameters):
        updated(self, [parameter | {"Source": "user"} for parameter in parameters])

    updated, DBParameterGroup.update_parameters = DBParameterGroup.update_parameters, of_a_person
    DBInstance.__init__ = init
    RDSBackend.create_db_instance_read_replica = lambda self, kwargs: _own_id(copied(self, kwargs))
