using System.Buffers;
using Proxy.Configuration.Multiplexing;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing.Resp;

/// <summary>The errors that the proxy writes itself, and the end of a client's connection.</summary>
internal sealed class RespRules : IProtocolRules
{
    private static readonly RespRoute _route = new();

    public IRouteRules RulesOf(MultiplexConfig config) => _route;

    public bool TryWriteLocal(LocalReply reply, ReadOnlySpan<byte> request, IBufferWriter<byte> writer)
    {
        if (reply == LocalReply.NotAllowed)
        {
            Refuse(request, writer);
            return true;
        }

        var message = reply switch
        {
            LocalReply.NoPath => "-ERR the destination cannot be reached\r\n"u8,
            LocalReply.NoAnswer => "-ERR the destination did not answer; the command may have been executed\r\n"u8,
            LocalReply.BadAnswer => "-ERR the destination did not answer in RESP; the command may have been executed\r\n"u8,
            LocalReply.QueueFull => "-ERR too many commands wait for the destination\r\n"u8,
            LocalReply.Malformed => "-ERR Protocol error\r\n"u8,
            LocalReply.Done when RespCommands.Of(request) == RespCommand.Quit => "+OK\r\n"u8,
            _ => [],
        };
        writer.Write(message);
        return message.Length > 0;
    }

    private static void Refuse(ReadOnlySpan<byte> request, IBufferWriter<byte> writer)
    {
        if (RespCommands.Of(request) == RespCommand.Hello)
        {
            writer.Write("-NOPROTO a shared connection has RESP2 and neither logins nor names\r\n"u8);
            return;
        }

        Span<byte> name = stackalloc byte[(2 * RespCommands.MaxName) + 1];
        writer.Write("-ERR '"u8);
        writer.Write(name[..RespCommands.WriteName(request, name)]);
        writer.Write("' is not available through a shared connection\r\n"u8);
    }
}
