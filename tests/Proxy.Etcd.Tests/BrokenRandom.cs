namespace Proxy.Etcd.Tests;

/// <summary>Throws what nobody expects while a test wants it: whatever spreads a pause fails.</summary>
internal sealed class BrokenRandom : Random
{
    public const string Message = "Nobody expects this";

    /// <summary>Whether it throws.</summary>
    public volatile bool IsBroken;

    public override double NextDouble() => IsBroken ? throw new InvalidOperationException(Message) : 0.5;
}
