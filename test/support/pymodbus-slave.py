"""An independent Modbus server with the registers of an Eastron meter.

Usage: pymodbus-slave.py MAP (rtu PATH BAUD | tcp PORT | rtu+tcp PORT)

MAP is JSON: {"unit": 1, "input": {"0": 231.2, "52": 1834.2}}; values are 32-bit floats, high word first, at the
zero-based address. Prints "ready" when it serves. Needs pymodbus 3.0.
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


async def main():
    described = json.loads(sys.argv[1])
    # zero_mode: addresses as on the wire, not one higher.
    slave = ModbusSlaveContext(ir=ModbusSparseDataBlock(registers(described["input"])), zero_mode=True)
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
