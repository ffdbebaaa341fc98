using Grpc.Core;
using Proxy.Configuration.Engine;
using Proxy.Etcd.Protocol;

namespace Proxy.Etcd.Client;

/// <summary>The token of a user with a password, which all members of a cluster know; a host without a user has none. Thread-safe.</summary>
/// <param name="config">The user and the password.</param>
internal sealed class EtcdToken(EtcdConfig config) : IDisposable
{
    private readonly SemaphoreSlim _asking = new(1);
    private volatile Known? _known;

    /// <summary>What a call sends with it.</summary>
    /// <param name="member">Is asked for a token, if there is none.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The headers, in which the call may put more.</returns>
    /// <exception cref="RpcException">The member did not answer, or refused.</exception>
    public async ValueTask<Metadata> HeadersAsync(EtcdMember member, CancellationToken cancellationToken)
    {
        var headers = new Metadata();
        if (config.User is not { } user)
        {
            return headers;
        }

        var known = _known ?? await AskAsync(member, user, cancellationToken);
        if (known.Token is { } token)
        {
            headers.Add("token", token);
        }

        return headers;
    }

    /// <summary>Whether a stream has begun with another token than calls have now.</summary>
    public bool IsOld(Metadata sent) => config.User is not null && _known?.Token != sent.GetValue("token");

    /// <summary>Forgets the token that a call has sent and that is not valid any longer, so that the next call asks for another one.</summary>
    public void Refused(Metadata? sent)
    {
        if (_known is { } known && known.Token == sent?.GetValue("token"))
        {
            Interlocked.CompareExchange(ref _known, null, known);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _asking.Dispose();

    private async Task<Known> AskAsync(EtcdMember member, string user, CancellationToken cancellationToken)
    {
        await _asking.WaitAsync(cancellationToken);
        try
        {
            return _known ??= await AskOnceAsync(member, user, cancellationToken);
        }
        finally
        {
            _asking.Release();
        }
    }

    private async Task<Known> AskOnceAsync(EtcdMember member, string user, CancellationToken cancellationToken)
    {
        try
        {
            var request = new AuthenticateRequest { Name = user, Password = config.Password ?? "" };
            var answer = await new Auth.AuthClient(member.Invoker).AuthenticateAsync(request, cancellationToken: cancellationToken);
            return new(answer.Token);
        }
        catch (RpcException exception)
            when (exception.StatusCode == StatusCode.FailedPrecondition
                && exception.Status.Detail.Contains("not enabled", StringComparison.Ordinal)
            )
        {
            return new(null); // the cluster does not ask for users; it tells once it does
        }
    }

    private sealed record Known(string? Token);
}
