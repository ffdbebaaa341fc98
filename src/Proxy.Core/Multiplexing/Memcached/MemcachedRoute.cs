using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing.Memcached;

/// <summary>Keeps what clients cannot share from the shared connection.</summary>
internal sealed class MemcachedRoute : IRouteRules
{
    public RequestVerdict Judge(ReadOnlySpan<byte> request)
    {
        MemcachedLine.Read(request, 0, out var line);
        var command = MemcachedCommand.Read(line);
        return command.IsRefused ? RequestVerdict.Deny
            : command.Kind == MemcachedKind.Quit ? RequestVerdict.Ignore
            : RequestVerdict.Allow;
    }
}
