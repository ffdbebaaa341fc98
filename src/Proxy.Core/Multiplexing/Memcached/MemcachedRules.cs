using System.Buffers;
using Proxy.Configuration.Multiplexing;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing.Memcached;

/// <summary>The errors that the proxy writes itself.</summary>
internal sealed class MemcachedRules : IProtocolRules
{
    private static readonly MemcachedRoute _route = new();

    public IRouteRules RulesOf(MultiplexConfig config) => _route;

    public bool TryWriteLocal(LocalReply reply, ReadOnlySpan<byte> request, IBufferWriter<byte> writer)
    {
        if (reply == LocalReply.Malformed && BinaryRefusal.IsBinary(request))
        {
            BinaryRefusal.Write(request, writer);
            return true;
        }

        if (reply == LocalReply.NotAllowed)
        {
            Refuse(request, writer);
            return true;
        }

        var message = reply switch
        {
            LocalReply.NoPath => "SERVER_ERROR the destination cannot be reached\r\n"u8,
            LocalReply.NoAnswer => "SERVER_ERROR the destination did not answer; the command may have been executed\r\n"u8,
            LocalReply.BadAnswer => "SERVER_ERROR the destination did not answer this command; it may have been executed\r\n"u8,
            LocalReply.QueueFull => "SERVER_ERROR too many commands wait for the destination\r\n"u8,
            LocalReply.Malformed => "CLIENT_ERROR this is not the text protocol of memcached\r\n"u8,
            _ => [],
        };
        writer.Write(message);
        return message.Length > 0;
    }

    private static void Refuse(ReadOnlySpan<byte> request, IBufferWriter<byte> writer)
    {
        MemcachedLine.Read(request, 0, out var line);
        var words = new MemcachedWords(line);
        var name = words.Next();
        var kind = MemcachedCommand.Read(line).Kind;
        if (kind == MemcachedKind.Unknown)
        {
            writer.Write("ERROR\r\n"u8); // as a server answers
            return;
        }

        writer.Write("CLIENT_ERROR '"u8);
        writer.Write(name);
        writer.Write(
            kind switch
            {
                MemcachedKind.Refused => [],
                MemcachedKind.Line => " dump"u8,
                _ => " q"u8,
            }
        );
        writer.Write("' is not available through a shared connection\r\n"u8);
    }
}
