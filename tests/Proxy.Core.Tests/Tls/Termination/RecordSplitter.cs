using System.Net.Sockets;

namespace Proxy.Core.Tests.Tls.Termination;

/// <summary>Sends the ClientHello of a client in two records, in two segments.</summary>
/// <param name="socket">The socket of the client, which belongs to the stream.</param>
/// <param name="at">The number of bytes of the message in the first record.</param>
internal sealed class RecordSplitter(Socket socket, int at) : NetworkStream(socket, ownsSocket: true)
{
    private const int RecordHeader = 5;
    private bool _isDone;

    /// <summary>The length of the message, once it was sent.</summary>
    public int Sent { get; private set; }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_isDone)
        {
            await base.WriteAsync(buffer, cancellationToken);
            return;
        }

        _isDone = true;
        var message = buffer[RecordHeader..];
        Sent = message.Length;
        var split = Math.Min(at, Sent - 1);
        foreach (var part in (ReadOnlyMemory<byte>[])[message[..split], message[split..]])
        {
            byte[] record = [.. buffer.Span[..3], (byte)(part.Length >> 8), (byte)part.Length, .. part.Span];
            await base.WriteAsync(record, cancellationToken);
        }
    }
}
