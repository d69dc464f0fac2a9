"""The JSON serializer of every client: orjson, and bulk answers that are counted instead of decoded."""

from typing import Any

from elasticsearch.serializer import OrjsonSerializer

_UNTROUBLED = b'{"errors":false,"items":[{"index":{"status":'


class LeanSerializer(OrjsonSerializer):
    """JSON as orjson reads it, but for the untroubled answer to a bulk request: that is counted, not decoded.

    Two dictionaries for each document cost ten times what counting in the bytes does. `indexer.answers.read` takes
    both forms.
    """

    def loads(self, data: bytes) -> Any:
        """Return the decoded answer, or the count of one in which every document is in.

        >>> LeanSerializer().loads(b'{"errors":false,"items":[{"index":{"status":201}},{"index":{"status":200}}]}')
        {'indexed': 2}
        """
        if not data.startswith(_UNTROUBLED):
            return super().loads(data)
        return {"indexed": data.count(b'"status":20')}
