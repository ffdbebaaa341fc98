using System.Buffers.Binary;

namespace Proxy.Host.Demo;

/// <summary>The registers and coils of a small Modbus device, and its answers (Modbus Application Protocol V1.1b3). Not thread-safe.</summary>
internal sealed class ModbusMemory
{
    private const int Size = 1000;
    private const byte IllegalFunction = 1;
    private const byte IllegalAddress = 2;
    private const byte IllegalValue = 3;
    private const byte ExceptionFlag = 0x80;
    private const ushort CoilOn = 0xFF00;
    private readonly ushort[] _holding = [.. Enumerable.Range(0, Size).Select(static i => (ushort)i)];
    private readonly ushort[] _input = new ushort[Size];
    private readonly bool[] _coils = new bool[Size];

    /// <summary>Adds a connection to the count in input register 1.</summary>
    public void CountConnection() => _input[1]++;

    /// <summary>Executes a request, given as function code and data without the unit id.</summary>
    /// <returns>The answer: function code and data, or a Modbus exception response.</returns>
    public byte[] Execute(ReadOnlySpan<byte> request)
    {
        _input[0]++;
        var function = request[0];
        var data = request[1..];
        if (data.Length < 4)
        {
            return Refuse(function, function is (>= 1 and <= 6) or 15 or 16 ? IllegalValue : IllegalFunction);
        }

        var address = BinaryPrimitives.ReadUInt16BigEndian(data);
        var value = BinaryPrimitives.ReadUInt16BigEndian(data[2..]);
        return function switch
        {
            1 or 2 => ReadBits(function, address, value),
            3 => ReadRegisters(function, _holding, address, value),
            4 => ReadRegisters(function, _input, address, value),
            5 => WriteOne(request, address, value is 0 or CoilOn, () => _coils[address] = value == CoilOn),
            6 => WriteOne(request, address, isValid: true, () => _holding[address] = value),
            15 => WriteBits(request, address, value),
            16 => WriteRegisters(request, address, value),
            _ => Refuse(function, IllegalFunction),
        };
    }

    private static byte[] Refuse(byte function, byte code) => [(byte)(function | ExceptionFlag), code];

    private byte[] ReadBits(byte function, int address, int count)
    {
        const int Most = 2000;
        if (Refusal(function, address, count, Most) is { } refusal)
        {
            return refusal;
        }

        var answer = new byte[2 + ((count + 7) / 8)];
        (answer[0], answer[1]) = (function, (byte)(answer.Length - 2));
        for (var i = 0; i < count; i++)
        {
            answer[2 + (i / 8)] |= (byte)(_coils[address + i] ? 1 << (i % 8) : 0);
        }

        return answer;
    }

    private static byte[] ReadRegisters(byte function, ushort[] registers, int address, int count)
    {
        const int Most = 125;
        if (Refusal(function, address, count, Most) is { } refusal)
        {
            return refusal;
        }

        var answer = new byte[2 + (count * 2)];
        (answer[0], answer[1]) = (function, (byte)(count * 2));
        for (var i = 0; i < count; i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(2 + (i * 2)), registers[address + i]);
        }

        return answer;
    }

    private static byte[] WriteOne(ReadOnlySpan<byte> request, int address, bool isValid, Action write)
    {
        if (!isValid || address >= Size)
        {
            return Refuse(request[0], isValid ? IllegalAddress : IllegalValue);
        }

        write();
        return request[..5].ToArray();
    }

    private byte[] WriteBits(ReadOnlySpan<byte> request, int address, int count)
    {
        const int Most = 1968;
        if (Refusal(request[0], address, count, Most, request.Length - 6, (count + 7) / 8) is { } refusal)
        {
            return refusal;
        }

        for (var i = 0; i < count; i++)
        {
            _coils[address + i] = (request[6 + (i / 8)] & (1 << (i % 8))) != 0;
        }

        return request[..5].ToArray();
    }

    private byte[] WriteRegisters(ReadOnlySpan<byte> request, int address, int count)
    {
        const int Most = 123;
        if (Refusal(request[0], address, count, Most, request.Length - 6, count * 2) is { } refusal)
        {
            return refusal;
        }

        for (var i = 0; i < count; i++)
        {
            _holding[address + i] = BinaryPrimitives.ReadUInt16BigEndian(request[(6 + (i * 2))..]);
        }

        return request[..5].ToArray();
    }

    private static byte[]? Refusal(byte function, int address, int count, int most, int given = 0, int needed = 0) =>
        count < 1 || count > most || given != needed ? Refuse(function, IllegalValue)
        : address + count > Size ? Refuse(function, IllegalAddress)
        : null;
}
