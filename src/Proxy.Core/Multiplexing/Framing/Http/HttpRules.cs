using System.Buffers;

namespace Proxy.Multiplexing.Framing.Http;

/// <summary>The replies that the proxy writes itself in HTTP.</summary>
internal sealed class HttpRules : IProtocolRules
{
    public bool TryWriteLocal(LocalReply reply, ReadOnlySpan<byte> request, IBufferWriter<byte> writer)
    {
        var status = reply switch
        {
            LocalReply.Continue => "HTTP/1.1 100 Continue\r\n"u8,
            LocalReply.Malformed => "HTTP/1.1 400 Bad Request\r\n"u8,
            LocalReply.NotAllowed => "HTTP/1.1 403 Forbidden\r\n"u8,
            LocalReply.QueueFull => "HTTP/1.1 503 Service Unavailable\r\n"u8,
            LocalReply.NoAnswer => "HTTP/1.1 504 Gateway Timeout\r\n"u8,
            LocalReply.NoPath or LocalReply.BadAnswer => "HTTP/1.1 502 Bad Gateway\r\n"u8,
            _ => [], // only the destination could answer a request that was executed
        };
        if (status.IsEmpty)
        {
            return false;
        }

        writer.Write(status);
        if (reply != LocalReply.Continue)
        {
            // A body that was not read whole is not read any further.
            writer.Write(reply == LocalReply.Malformed || IsUnfinished(request) ? "Connection: close\r\n"u8 : []);
            writer.Write("Content-Length: 0\r\n"u8);
        }

        writer.Write("\r\n"u8);
        return true;
    }

    private static bool IsUnfinished(ReadOnlySpan<byte> request)
    {
        var head = HttpHead.Read(request, MessageDirection.Request);
        var body = new HttpBody(HttpBody.StartOfRequest(head));
        body.Read(request, head.Length, InputState.Open);
        return head is { Error: null, Length: > 0 } && !body.IsComplete;
    }
}
