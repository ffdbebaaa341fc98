namespace Proxy.Etcd.Client;

/// <summary>The pauses between attempts, which go on for ever.</summary>
internal static class EtcdPauses
{
    /// <summary>The pause after the first failure.</summary>
    public static readonly TimeSpan First = TimeSpan.FromMilliseconds(50);

    /// <summary>The longest pause: an engine that is back is noticed within a second.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);
}
