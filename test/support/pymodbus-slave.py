"""An independent Modbus server with the registers of an Eastron meter.

Usage: pymodbus-slave.py MAP (rtu PATH BAUD | tcp PORT | rtu+tcp PORT)

MAP is JSON: {"unit": 1, "input": {"0": 231.2, "52": 1834.2}}; values are 32-bit floats, high word first, at the
zero-based address. "values" adds others: [table, address, struct format, value, order], the order of the bytes as vendors
write it (ABCD, CDAB, BADC, DCBA). Prints "ready" when it serves. Needs pymodbus 3.0.
"""

import asyncio
import json
import logging
import struct
import sys

from pymodbus.datastore import ModbusServerContext, ModbusSlaveContext, ModbusSparseDataBlock
from pymodbus.server import StartAsyncSerialServer, StartAsyncTcpServer
from pymodbus.transaction import ModbusRtuFramer, ModbusSocketFramer


def registers(values):
    """Sparse registers without gaps up to the last one, as the meter has them."""
    out = {}
    for address, value in values.items():
        high, low = struct.unpack(">HH", struct.pack(">f", value))
        out[int(address)] = high
        out[int(address) + 1] = low
    top = max(out) + 1
    return {address: out.get(address, 0) for address in range(0, top)}


def typed(values):
    """Registers (bits in coils and discrete inputs) of every table."""
    tables = {"input": {}, "holding": {}, "coil": {}, "discrete": {}}
    for table, address, form, value, order in values:
        if table in ("coil", "discrete"):
            tables[table][address] = bool(value)
            continue
        data = struct.pack(">" + form, value.encode() if isinstance(value, str) else value)
        words = [data[i : i + 2] for i in range(0, len(data), 2)]
        if order in ("CDAB", "DCBA"):
            words.reverse()
        if order in ("BADC", "DCBA"):
            words = [word[::-1] for word in words]
        for offset, word in enumerate(words):
            tables[table][address + offset] = struct.unpack(">H", word)[0]
    return tables


def block(values):
    return ModbusSparseDataBlock(values or {0xFFFF: 0})


async def main():
    described = json.loads(sys.argv[1])
    # zero_mode: addresses as on the wire, not one higher.
    tables = typed(described.get("values", []))
    if described["input"]:
        tables["input"] = {**registers(described["input"]), **tables["input"]}
    slave = ModbusSlaveContext(
        ir=block(tables["input"]),
        hr=block(tables["holding"]),
        co=block(tables["coil"]),
        di=block(tables["discrete"]),
        zero_mode=True,
    )
    context = ModbusServerContext(slaves={described["unit"]: slave}, single=False)
    kind = sys.argv[2]
    print("ready", flush=True)
    if kind == "rtu":
        await StartAsyncSerialServer(
            context, framer=ModbusRtuFramer, port=sys.argv[3], baudrate=int(sys.argv[4]), timeout=0.01
        )
    else:
        framer = ModbusSocketFramer if kind == "tcp" else ModbusRtuFramer
        await StartAsyncTcpServer(context, framer=framer, address=("127.0.0.1", int(sys.argv[3])))


# pymodbus logs the end of every connection as an error.
logging.disable(logging.CRITICAL)
asyncio.run(main())
