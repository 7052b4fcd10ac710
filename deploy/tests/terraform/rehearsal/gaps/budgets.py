"""Who hears of a budget, and its tags."""

import json

from moto.budgets.responses import BudgetsResponse as Responses


def describe_subscribers_for_notification(self):
    budget = self.backend.budgets[self._get_param("AccountId")][self._get_param("BudgetName")]
    wanted = self._get_param("Notification")
    for notification in budget.notifications:
        if all(notification.details.get(key) == wanted[key] for key in ("NotificationType", "Threshold")):
            return json.dumps({"Subscribers": notification.subscribers})
    return json.dumps({"Subscribers": []})


def _tags(self):
    return self.backend.__dict__.setdefault("own_tags", {})


def list_tags_for_resource(self):
    return json.dumps({"ResourceTags": _tags(self).get(self._get_param("ResourceARN").rsplit("/", 1)[1], [])})


def _keeping_tags(original):
    def answer(self):
        result = original(self)
        _tags(self)[self._get_param("Budget")["BudgetName"]] = self._get_param("ResourceTags", [])
        return result

    return answer


def install():
    Responses.describe_subscribers_for_notification = describe_subscribers_for_notification
    Responses.list_tags_for_resource = list_tags_for_resource
    Responses.create_budget = _keeping_tags(Responses.create_budget)
