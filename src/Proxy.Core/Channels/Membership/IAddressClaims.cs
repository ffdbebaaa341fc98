namespace Proxy.Channels.Membership;

/// <summary>
/// Gives local addresses to instances whose ids have no number. A claim lasts for ever, so an instance has the same address at every start, and no two of
/// a group have the same.
/// </summary>
internal interface IAddressClaims
{
    /// <summary>The membership provider whose members it is for.</summary>
    string Provider { get; }

    /// <summary>Finds the number that the instance has claimed before, or claims one: the preferred one if it is free, or the lowest. Repeats what fails until that is refused.</summary>
    /// <param name="instance">The id of the instance.</param>
    /// <param name="preferred">The number that the instance has used at an earlier start; null for none.</param>
    /// <param name="cancellationToken">Ends the attempts.</param>
    /// <returns>The number, from 0.</returns>
    /// <exception cref="IOException">No number is free, or the claim is refused. The message is one sentence.</exception>
    /// <exception cref="TimeoutException">The token was cancelled; the message says why the last attempt has failed.</exception>
    Task<int> ClaimAsync(string instance, int? preferred, CancellationToken cancellationToken);

    /// <summary>Takes the number of an earlier start, since there is no answer now. The claim is made again as soon as there is one.</summary>
    /// <param name="instance">The id of the instance.</param>
    /// <param name="number">The number.</param>
    void Keep(string instance, int number);
}
