namespace Proxy.Multiplexing.Framing;

/// <summary>The rules of a protocol of which only the framing is known: all defaults.</summary>
internal sealed class NoRules : IProtocolRules
{
    private NoRules() { }

    public static IProtocolRules Instance { get; } = new NoRules();
}
