using System.Diagnostics.CodeAnalysis;

namespace Proxy.Etcd.Client;

/// <summary>A call of the engine has failed. The message is one printable sentence.</summary>
/// <param name="message">What has failed, and why.</param>
/// <param name="mayHaveHappened">Whether the call may have been executed all the same.</param>
/// <param name="isRefused">Whether the engine has answered with a refusal that another attempt would get too, as without a right.</param>
/// <param name="inner">The cause.</param>
[SuppressMessage("Design", "CA1064", Justification = "Caught in this library.")]
[SuppressMessage("Design", "CA1032", Justification = "Made by the client alone.")]
internal sealed class EngineException(string message, bool mayHaveHappened, bool isRefused, Exception? inner) : Exception(message, inner)
{
    /// <summary>Whether the call may have been executed all the same.</summary>
    public bool MayHaveHappened => mayHaveHappened;

    /// <summary>Whether another attempt would be refused as well.</summary>
    public bool IsRefused => isRefused;
}
