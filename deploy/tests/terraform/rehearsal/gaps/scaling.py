"""Tags of scalable targets."""

import json

from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse as Responses


def _tags(self):
    return self.applicationautoscaling_backend.__dict__.setdefault("own_tags", {})


def list_tags_for_resource(self):
    return json.dumps({"Tags": _tags(self).get(json.loads(self.body)["ResourceARN"], {})})


def tag_resource(self):
    asked = json.loads(self.body)
    _tags(self).setdefault(asked["ResourceARN"], {}).update(asked["Tags"])
    return "{}"


def untag_resource(self):
    asked = json.loads(self.body)
    for key in asked["TagKeys"]:
        _tags(self).get(asked["ResourceARN"], {}).pop(key, None)
    return "{}"


def _keeping_tags(original):
    def answer(self):
        result = original(self)
        tags = json.loads(self.body).get("Tags")
        if tags:
            _tags(self)[json.loads(result)["ScalableTargetARN"]] = tags
        return result

    return answer


def install():
    for action in (list_tags_for_resource, tag_resource, untag_resource):
        setattr(Responses, action.__name__, action)
    Responses.register_scalable_target = _keeping_tags(Responses.register_scalable_target)
