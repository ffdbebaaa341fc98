using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Proxy.Connections;
using Proxy.Listeners;

namespace Proxy.Host.Demo;

/// <summary>
/// A Modbus TCP device on 127.0.0.1:17004 that allows one connection at a time, as many inverters do, and closes any further one. Holding
/// registers and coils can be written; input register 0 counts requests, input register 1 counts connections.
/// </summary>
internal sealed class DemoModbusDevice(IEnumerable<IConnectionListenerFactory> transports, TimeProvider time) : IHostedService, IDisposable
{
    private const int Port = 17004;
    private readonly ModbusMemory _memory = new();
    private IConnectionListener? _listener;
    private readonly SemaphoreSlim _connection = new(1);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var address = new ListenEndPoint(new IPEndPoint(IPAddress.Loopback, Port));
        var transport = transports.First(transport =>
            transport is IConnectionListenerFactorySelector selector && selector.CanBind(address)
        );
        try
        {
            _listener = await transport.BindAsync(address, cancellationToken);
        }
        catch (Exception exception) when (exception is AddressInUseException or SocketException)
        {
            throw new BindException("Demo", exception);
        }

        _ = AcceptAsync(_listener);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_listener is not null)
        {
            await _listener.UnbindAsync(cancellationToken);
            await _listener.DisposeAsync();
        }
    }

    public void Dispose() => _connection.Dispose();

    private async Task AcceptAsync(IConnectionListener listener)
    {
        while (await listener.AcceptAsync() is { } connection)
        {
            _ = ServeAsync(connection);
        }
    }

    private async Task ServeAsync(ConnectionContext connection)
    {
        await using var owned = connection;

        // The end of the previous connection may not be noticed yet.
        if (!await _connection.WaitAsync(TimeSpan.FromMilliseconds(100)))
        {
            return;
        }

        try
        {
            _memory.CountConnection();
            await AnswerAsync(connection);
        }
        catch (IOException)
        {
            // The client closed the connection.
        }
        finally
        {
            _connection.Release();
        }
    }

    private async Task AnswerAsync(ConnectionContext connection)
    {
        var (input, output) = (connection.Transport.Input, connection.Transport.Output);
        while (true)
        {
            var read = await input.ReadAsync();
            var rest = read.Buffer;
            while (TryTake(ref rest, out var request))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(2), time); // real devices need some time for a request
                await output.WriteAsync(Answer(request));
            }

            input.AdvanceTo(rest.Start, rest.End);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }

    // MBAP header: transaction id, protocol id, and the length of the rest, which begins with the unit id.
    private static bool TryTake(ref ReadOnlySequence<byte> buffer, out byte[] request)
    {
        const int Header = 6;
        const int Largest = 254;
        request = [];
        if (buffer.Length < Header)
        {
            return false;
        }

        var header = buffer.Slice(0, Header).ToArray();
        var length = BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(Header - sizeof(ushort)));
        if (length is < 2 or > Largest)
        {
            throw new IOException("Not a Modbus TCP header: its length must be 2 to 254.");
        }

        if (buffer.Length < Header + length)
        {
            return false;
        }

        request = buffer.Slice(0, Header + length).ToArray();
        buffer = buffer.Slice(Header + length);
        return true;
    }

    private byte[] Answer(byte[] request)
    {
        const int HeaderAndUnit = 7;
        var body = _memory.Execute(request.AsSpan(HeaderAndUnit));
        var answer = new byte[HeaderAndUnit + body.Length];
        request.AsSpan(0, HeaderAndUnit).CopyTo(answer);
        BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(4), (ushort)(body.Length + 1));
        body.CopyTo(answer.AsSpan(HeaderAndUnit));
        return answer;
    }
}
