"""
Connections of a peer that is a library of Python's, for process.js: a line of JSON comes for each
call, [number, name, argument...], and one goes for each result, {"number", "result" or "error"}.
"""
import asyncio
import json
import sys


class Connections:
    """make(options) gives a connection; its methods are those of sides.js."""

    def __init__(self, make, version):
        self.make = make
        self.version = version
        self.known = []

    async def call(self, name, *given):
        if name == 'version':
            return self.version
        if name == 'open':
            self.known.append(self.make(*given))
            return len(self.known) - 1
        return await getattr(self.known[given[0]], name)(*given[1:])

    async def answer(self, number, *request):
        said = {'number': number}
        try:
            said['result'] = await self.call(*request)
        except Exception as error:
            said['error'] = f'{type(error).__name__}: {error}'
        print(json.dumps(said), flush=True)


async def serve(make, version):
    """Ends with the input."""
    connections = Connections(make, version)
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    tasks = set()
    while line := await reader.readline():
        task = loop.create_task(connections.answer(*json.loads(line)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
