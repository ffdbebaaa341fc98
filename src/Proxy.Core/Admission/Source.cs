namespace Proxy.Admission;

/// <summary>The clients of one address, or of one network of IPv6. Guarded by the limiter.</summary>
internal sealed class Source(UInt128 key)
{
    private TokenBucket _bucket;

    /// <summary>What tells it from others.</summary>
    public UInt128 Key => key;

    /// <summary>The number of open connections.</summary>
    public int Count { get; set; }

    /// <summary>When it was used last, in seconds.</summary>
    public double LastUse { get; set; }

    /// <summary>Its rate of new connections.</summary>
    public ref TokenBucket Bucket => ref _bucket;

    /// <summary>Its place among those without connections; null while it has some.</summary>
    public LinkedListNode<Source>? Idle { get; set; }
}
