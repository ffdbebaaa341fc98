using System.Diagnostics.CodeAnalysis;

namespace Proxy.Etcd.Client;

/// <summary>A call has failed, before it is known what that means for the caller.</summary>
/// <param name="failure">How.</param>
/// <param name="mayHaveHappened">Whether it may have been executed all the same.</param>
/// <param name="inner">The cause.</param>
[SuppressMessage("Design", "CA1064", Justification = "Caught in this folder.")]
[SuppressMessage("Design", "CA1032", Justification = "Made by the client alone.")]
internal sealed class EtcdCallException(EtcdFailure failure, bool mayHaveHappened, Exception? inner) : Exception(failure.Message, inner)
{
    /// <summary>How.</summary>
    public EtcdFailure Failure => failure;

    /// <summary>That for users of keys.</summary>
    public EngineException ToEngine() =>
        new(failure.Message, mayHaveHappened, failure.Fault is EtcdFault.Refused or EtcdFault.Unauthenticated, this);
}
