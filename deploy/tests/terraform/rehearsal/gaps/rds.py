"""Every instance gets an identifier of its own. moto gives one constant to all, and the provider reads by it."""

import uuid

from moto.rds.models import DBInstance, RDSBackend


def _own_id(instance):
    instance.dbi_resource_id = "db-" + uuid.uuid4().hex[:26].upper()
    return instance


def install():
    made, copied = DBInstance.__init__, RDSBackend.create_db_instance_read_replica

    def init(self, *args, **kwargs):
        made(self, *args, **kwargs)
        _own_id(self)

    DBInstance.__init__ = init
    RDSBackend.create_db_instance_read_replica = lambda self, kwargs: _own_id(copied(self, kwargs))
