"""A Modbus device of pymodbus that allows one connection: modbus_device.py PORT tcp|rtu [ADDRESS]. Register n of unit u holds 1000 * u + n until it is written."""
import sys

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.server import StartTcpServer
from pymodbus.server.async_io import ModbusConnectedRequestHandler
from pymodbus.transaction import ModbusRtuFramer, ModbusSocketFramer


class OneConnection(ModbusConnectedRequestHandler):
    """Drops whoever comes while somebody is there."""

    is_taken = False
    is_first = False

    def connection_made(self, transport):
        if OneConnection.is_taken:
            transport.abort()
            return
        OneConnection.is_taken = self.is_first = True
        super().connection_made(transport)

    def connection_lost(self, call_exc):
        if self.is_first:
            OneConnection.is_taken = False
            super().connection_lost(call_exc)


def unit(number):
    registers = ModbusSequentialDataBlock(0, [1000 * number + address for address in range(1000)])
    return ModbusSlaveContext(hr=registers, ir=registers, zero_mode=True)


StartTcpServer(
    context=ModbusServerContext(slaves={number: unit(number) for number in (1, 2, 3)}, single=False),
    framer=ModbusRtuFramer if sys.argv[2] == "rtu" else ModbusSocketFramer,
    address=(sys.argv[3] if len(sys.argv) > 3 else "127.0.0.1", int(sys.argv[1])),
    handler=OneConnection,
)
