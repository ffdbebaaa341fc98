"""Clients of pymodbus, all at once: modbus_clients.py PORT tcp|rtu COUNT. Prints how many registers each unit had read rightly."""
import sys
from concurrent.futures import ThreadPoolExecutor

from pymodbus.client import ModbusTcpClient
from pymodbus.transaction import ModbusRtuFramer, ModbusSocketFramer

framer = ModbusRtuFramer if sys.argv[2] == "rtu" else ModbusSocketFramer


def read(number):
    unit = 1 + number % 3
    with ModbusTcpClient("127.0.0.1", port=int(sys.argv[1]), framer=framer, timeout=120) as client:
        for first in range(10 * number, 10 * number + 200, 10):
            reply = client.read_holding_registers(first, 10, slave=unit)
            assert reply.registers == [1000 * unit + first + index for index in range(10)], reply
        assert client.read_holding_registers(999, 2, slave=unit).exception_code == 2
    return 200


with ThreadPoolExecutor(int(sys.argv[3])) as clients:
    print(sum(clients.map(read, range(int(sys.argv[3])))))
