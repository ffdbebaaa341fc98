namespace Proxy.Tls.Certificates;

/// <summary>A number that grows when a certificate was replaced, so that what was made of certificates is made anew.</summary>
internal sealed class Generation
{
    private int _value;

    public int Value => Volatile.Read(ref _value);

    public void Grow() => Interlocked.Increment(ref _value);
}
