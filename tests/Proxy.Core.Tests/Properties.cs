using FsCheck;
using FsCheck.Fluent;

namespace Proxy.Core.Tests;

/// <summary>Properties that wait.</summary>
internal static class Properties
{
    /// <summary>
    /// Checks a property whose body waits. FsCheck blocks a thread until a body has ended: that is one of the thread pool, whose continuations do not
    /// wait for the few threads of the test runner. A case that waited in vain is not made smaller: each smaller one might wait as long.
    /// </summary>
    public static Task CheckAsync<T>(Config config, Arbitrary<T> values, Func<T, Task> body)
    {
        var hasWaited = false;
        return Task.Run(() => Check.One(config, Prop.ForAll(values, CheckAsync)));

        async Task CheckAsync(T value)
        {
            if (hasWaited)
            {
                return;
            }

            try
            {
                await body(value);
            }
            catch (Exception exception) when (exception is OperationCanceledException or TimeoutException)
            {
                hasWaited = true;
                throw;
            }
        }
    }
}
