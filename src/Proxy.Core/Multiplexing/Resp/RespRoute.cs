using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing.Resp;

/// <summary>Keeps what clients cannot share from the shared connection.</summary>
internal sealed class RespRoute : IRouteRules
{
    public RequestVerdict Judge(ReadOnlySpan<byte> request) =>
        RespCommands.Of(request) switch
        {
            RespCommand.Refused or RespCommand.Hello => RequestVerdict.Deny,
            RespCommand.Quit or RespCommand.None => RequestVerdict.Ignore,
            _ => RequestVerdict.Allow,
        };
}
