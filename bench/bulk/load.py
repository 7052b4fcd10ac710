"""A light load of requests beside an upload, and what it felt."""

import http.client
import threading
import time
from urllib.parse import urlsplit


class Load:
    """Four people who each look at something five times a second, until the end of the block: a list of 10 predictions
    and how far the upload is, in turn."""

    CONNECTIONS = 4
    PAUSE = 0.2

    def __init__(self, base, token, paths):
        self.address = urlsplit(base).netloc
        self.headers = {"Authorization": f"Bearer {token}"}
        self.paths = paths
        self.stop = threading.Event()
        self.took, self.failed = [], []
        self.threads = [threading.Thread(target=self.look, args=(n,)) for n in range(self.CONNECTIONS)]

    def look(self, n):
        connection = http.client.HTTPConnection(self.address, timeout=60)
        time.sleep(self.PAUSE * n / self.CONNECTIONS)
        turn = n
        while not self.stop.wait(self.PAUSE):
            turn += 1
            path = self.paths[turn % len(self.paths)]
            began = time.perf_counter()
            connection.request("GET", path, headers=self.headers)
            answer = connection.getresponse()
            answer.read()
            self.took.append((time.perf_counter() - began) * 1000)
            if answer.status != 200:
                self.failed.append((path, answer.status))
        connection.close()

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def quantile(self, share):
        took = sorted(self.took)
        return took[min(len(took) - 1, int(len(took) * share))] if took else None
