using System.Buffers;

namespace Proxy.Multiplexing.Framing.Http;

/// <summary>The replies that the proxy writes itself in HTTP.</summary>
internal sealed class HttpRules : IProtocolRules
{
    public bool TryWriteLocal(LocalReply reply, ReadOnlySpan<byte> request, IBufferWriter<byte> writer)
    {
        var message = reply switch
        {
            LocalReply.Continue => "HTTP/1.1 100 Continue\r\n\r\n"u8,
            LocalReply.Malformed => "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"u8,
            LocalReply.NotAllowed => "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"u8,
            LocalReply.QueueFull => "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"u8,
            LocalReply.NoAnswer => "HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\n\r\n"u8,
            LocalReply.NoPath or LocalReply.BadAnswer => "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"u8,
            _ => [], // only the destination could answer a request that was executed
        };
        writer.Write(message);
        return message.Length > 0;
    }
}
